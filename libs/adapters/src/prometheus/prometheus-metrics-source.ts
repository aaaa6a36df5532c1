import { get } from 'node:http';
import type { FunctionLoad, MetricsSource } from '@shoal/domain/scaling/metrics-source';
import { messageOf, ShoalError } from '@shoal/domain/shared/errors';

const ANSWER_TIMEOUT_MS = 2_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Of rates and means: two scrapes and a little, with the interval of 5 s that ours has at most. */
const WINDOW = '12s';

export interface PrometheusOptions {
  /** `http://host:9090`. */
  readonly baseUrl: string;
  /** PromQL for thousandths of a CPU by `function_name`; without it nobody measures CPU. */
  readonly cpuQuery?: string | undefined;
}

/** The names that the gateways export, which all count: see docs/scaling.md. */
const QUERIES = {
  callsPerSecond: `sum by (function_name) (rate(gateway_function_invocation_started[${WINDOW}]))`,
  concurrency: `sum by (function_name) (avg_over_time(gateway_function_invocation_inflight[${WINDOW}]))`,
  waiting: 'sum by (function_name) (shoal_function_waiting_calls)',
  idleSeconds: 'time() - max by (function_name) (shoal_function_last_call_timestamp_seconds)',
} as const;

/** The load of functions as Prometheus has scraped it, over all gateways. */
export class PrometheusMetricsSource implements MetricsSource {
  constructor(private readonly options: PrometheusOptions) {}

  async measure(): Promise<ReadonlyMap<string, FunctionLoad>> {
    const { cpuQuery } = this.options;
    const none = new Map<string, number>();
    const [callsPerSecond, concurrency, waiting, idleSeconds, cpuMillis] = await Promise.all([
      this.query(QUERIES.callsPerSecond),
      this.query(QUERIES.concurrency),
      this.query(QUERIES.waiting),
      this.query(QUERIES.idleSeconds),
      cpuQuery === undefined ? none : this.query(cpuQuery),
    ]);
    // Every function has a last call, if only that nobody has made one since a gateway began to look.
    return new Map(
      [...idleSeconds].map(([name, seconds]): [string, FunctionLoad] => {
        const running = concurrency.get(name) ?? 0;
        const cpu = cpuMillis.get(name);
        return [
          name,
          {
            callsPerSecond: callsPerSecond.get(name) ?? 0,
            concurrency: running,
            waiting: waiting.get(name) ?? 0,
            idleMs: running > 0 ? 0 : Math.max(0, seconds * 1_000),
            ...(cpu === undefined ? {} : { cpuMillis: cpu }),
          },
        ];
      }),
    );
  }

  /** The values of one instant query by function. */
  private async query(query: string): Promise<ReadonlyMap<string, number>> {
    const url = `${this.options.baseUrl}/api/v1/query?query=${encodeURIComponent(query)}`;
    let answer: Answer;
    try {
      answer = JSON.parse(await fetchText(url)) as Answer;
    } catch (error) {
      throw unavailable(messageOf(error), error);
    }
    if (answer.status !== 'success') throw unavailable(answer.error ?? 'it answers neither with success nor with an error');
    const values = answer.data.result.map(({ metric, value: [, text] }): [string, number] => [metric['function_name'] ?? '', Number(text)]);
    return new Map(values.filter(([name, value]) => name !== '' && Number.isFinite(value)));
  }
}

type Answer =
  | { readonly status: 'success'; readonly data: { readonly result: readonly { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] }[] } }
  | { readonly status: 'error'; readonly error?: string };

function unavailable(problem: string, cause?: unknown): ShoalError {
  return new ShoalError('backend-unavailable', `Prometheus cannot be asked: ${problem}`, { layer: 'gateway' }, { cause });
}

/** Not `fetch`: that brings a second HTTP client into memory. An error of Prometheus has a body of the same form. */
function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { timeout: ANSWER_TIMEOUT_MS }, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) asked.destroy(new Error(`its answer has more than ${MAX_ANSWER_BYTES} bytes`));
      });
      answer.on('end', () => resolve(Buffer.concat(chunks).toString()));
      answer.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error(`it did not answer within ${ANSWER_TIMEOUT_MS} ms`)));
    asked.on('error', reject);
  });
}
