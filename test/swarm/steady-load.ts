import { Agent, request, type IncomingMessage } from 'node:http';

/** What became of one call. */
export interface CallRecord {
  /** Since the start of the load. */
  readonly atMs: number;
  readonly tookMs: number;
  readonly path: string;
  /** Absent when there was no whole answer; then `body` says why. */
  readonly status: number | undefined;
  readonly body: string;
  /** What the answer calls it. */
  readonly callId?: string;
}

export interface LoadOptions {
  readonly url: string;
  readonly perSecond: number;
  /** What comes after the URL, of each call by its number. */
  readonly path?: (call: number) => string;
}

/** How often it is seen whether calls are due. */
const TICK_MS = 2;

/**
 * Calls again and again at a fixed rate, however long the answers take, over connections that stay open: as many as
 * there are calls at the same time.
 */
export class SteadyLoad {
  readonly records: CallRecord[] = [];
  private readonly agent = new Agent({ keepAlive: true });
  private readonly startedMs = performance.now();
  private readonly open = new Set<Promise<void>>();
  private readonly timer = setInterval(() => this.callWhatIsDue(), TICK_MS);
  private sent = 0;

  private constructor(private readonly options: LoadOptions) {}

  get elapsedMs(): number {
    return performance.now() - this.startedMs;
  }

  /** Calls for as long as `work` takes. Resolves with all calls once the last one has ended. */
  static async during(options: LoadOptions, work: (load: SteadyLoad) => Promise<void>): Promise<readonly CallRecord[]> {
    const load = new SteadyLoad(options);
    try {
      await work(load);
    } finally {
      await load.stop();
    }
    return load.records;
  }

  private async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.open);
    this.agent.destroy();
  }

  private callWhatIsDue(): void {
    for (const due = (this.elapsedMs / 1_000) * this.options.perSecond; this.sent < due; this.sent++) {
      const call = this.call(this.options.path?.(this.sent) ?? '/');
      this.open.add(call);
      void call.then(() => this.open.delete(call));
    }
  }

  private async call(path: string): Promise<void> {
    const atMs = this.elapsedMs;
    const end = (status: number | undefined, body: string, callId?: string) => void this.records.push({ atMs, tookMs: this.elapsedMs - atMs, path, status, body, ...(callId === undefined ? {} : { callId }) });
    try {
      const answer = await this.exchange(path);
      let body = '';
      for await (const chunk of answer.setEncoding('utf8')) body += chunk;
      end(answer.statusCode, body, answer.headers['x-call-id'] as string | undefined);
    } catch (error) {
      end(undefined, String(error));
    }
  }

  private exchange(path: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const asked = request(`${this.options.url}${path}`, { method: 'POST', agent: this.agent }, resolve);
      asked.on('error', reject).end('a call');
    });
  }
}

/** Those that did not end as they should. */
export function failuresOf(records: readonly CallRecord[]): readonly CallRecord[] {
  return records.filter(({ status }) => status !== 200);
}

/** The duration that the given share of calls stays within: 0.5 is the median. */
export function percentileMs(records: readonly CallRecord[], share: number): number {
  const sorted = records.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

/** Failures by what they have in common, one line each: how many, what, when they began since `sinceMs`, and how long they took. */
export function describeFailures(failures: readonly CallRecord[], sinceMs: number): readonly string[] {
  return [...new Set(failures.map(kindOf))].map((kind) => {
    const alike = failures.filter((failure) => kindOf(failure) === kind);
    const began = rangeOf(alike.map(({ atMs }) => atMs - sinceMs));
    const took = rangeOf(alike.map(({ tookMs }) => tookMs));
    return `${alike.length} x ${kind}; began at ${began} ms, took ${took} ms`;
  });
}

/** Addresses, ids and durations differ from call to call. */
function kindOf({ status, body }: CallRecord): string {
  const { code, message } = /"code":"(?<code>[^"]*)","message":"(?<message>[^"]*)"/.exec(body)?.groups ?? { code: '', message: body };
  return `${status ?? 'no answer'} ${code} ${message}`.replaceAll(/\d+(?:[.:]\d+)+/g, 'ADDRESS').trim();
}

function rangeOf(numbers: readonly number[]): string {
  return `${Math.round(Math.min(...numbers))} to ${Math.round(Math.max(...numbers))}`;
}
