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
  /** For people: the CPU cannot be had, although the rest can. */
  readonly warn: (text: string) => void;
}

/** The names that the gateways export, which all count: see docs/scaling.md. */
const QUERIES = {
  /** What was not scraped twice within the window was not measured: it only looks as if nobody called. */
  measured: `count by (function_name) (count_over_time(gateway_function_invocation_inflight[${WINDOW}]) >= 2)`,
  callsPerSecond: `sum by (function_name) (rate(gateway_function_invocation_started[${WINDOW}]))`,
  concurrency: `sum by (function_name) (avg_over_time(gateway_function_invocation_inflight[${WINDOW}]))`,
  waiting: 'sum by (function_name) (shoal_function_waiting_calls)',
  idleSeconds: 'time() - max by (function_name) (shoal_function_last_call_timestamp_seconds)',
} as const;

/** The load of functions as Prometheus has scraped it, over all gateways. */
export class PrometheusMetricsSource implements MetricsSource {
  private cpuProblem: string | undefined;

  constructor(private readonly options: PrometheusOptions) {}

  async measure(): Promise<ReadonlyMap<string, FunctionLoad>> {
    const [measured, callsPerSecond, concurrency, waiting, idleSeconds, cpuMillis] = await Promise.all([
      this.query(QUERIES.measured),
      this.query(QUERIES.callsPerSecond),
      this.query(QUERIES.concurrency),
      this.query(QUERIES.waiting),
      this.query(QUERIES.idleSeconds),
      this.queryCpu(),
    ]);
    return new Map(
      [...measured.keys()].map((name): [string, FunctionLoad] => {
        const here = concurrency.get(name) ?? 0;
        const cpu = cpuMillis.get(name);
        return [
          name,
          {
            callsPerSecond: callsPerSecond.get(name) ?? 0,
            concurrency: here,
            waiting: waiting.get(name) ?? 0,
            idleMs: here > 0 ? 0 : Math.max(0, (idleSeconds.get(name) ?? 0) * 1_000),
            ...(cpu === undefined ? {} : { cpuMillis: cpu }),
          },
        ];
      }),
    );
  }

  /** What is wrong with it concerns those only that scale by it; they stay as they are. */
  private async queryCpu(): Promise<ReadonlyMap<string, number>> {
    const { cpuQuery, warn } = this.options;
    if (cpuQuery === undefined) return new Map();
    try {
      const cpuMillis = await this.query(cpuQuery);
      this.cpuProblem = undefined;
      return cpuMillis;
    } catch (error) {
      const problem = messageOf(error);
      if (problem !== this.cpuProblem) warn(`nothing scales by CPU: ${problem}`);
      this.cpuProblem = problem;
      return new Map();
    }
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
    const asked = get(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }, (answer) => {
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
    asked.on('error', (error) => reject(error.name === 'AbortError' ? new Error(`it did not answer within ${ANSWER_TIMEOUT_MS} ms`) : error));
  });
}
