import { request, type IncomingMessage } from 'node:http';
import { ask } from '../e2e/ask';
import type { GatewayProcess } from '../e2e/gateway-process';

/** Whoever has no answer by then has none. */
const HANGS_MS = 60_000;
const LOOK_MS = 50;
const END_MS = 60_000;
/** What a caller sees of a process that has gone. */
const CUT: ReadonlySet<string> = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE']);
/** What a caller is told when it took too long, or too many came, as on a busy machine they may. */
const BUSY: ReadonlySet<string> = new Set(['408 exec-timeout', '408 read-timeout', '429 over-capacity', '504 exec-timeout', '504 not-ready-in-time', '504 upstream-timeout']);
/** What a caller sees while somebody is dead or stopped; `internal` is never among it. */
const EXPLAINED: ReadonlySet<string> = new Set([...CUT, ...BUSY, '500 replica-failed', '502 replica-failed', '502 replica-unreachable', '503 not-ready', '503 shutting-down']);

export interface SteadyCallsOptions {
  /** Paths that are called in turn. */
  readonly paths: readonly string[];
  /** Name of the function whose asynchronous calls are sent, as many as of the others together. */
  readonly later: string;
  readonly everyMs: number;
}

interface Outcome {
  /** When it was sent, of `performance.now()`. */
  readonly beganMs: number;
  /** The status, with the code of the error where there is one; the code of a broken connection; or `hangs`. */
  readonly what: string;
  readonly ms: number;
}

/** Callers who go on calling whatever happens, each on a connection of its own, and an account of what became of each call. */
export class SteadyCalls {
  /** Of calls that want an answer, in the order of their ends. */
  readonly outcomes: Outcome[] = [];
  private readonly accepted: string[] = [];
  private readonly notAccepted: Outcome[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;
  private sent = 0;

  constructor(
    private readonly gateway: GatewayProcess,
    private readonly options: SteadyCallsOptions,
  ) {
    this.timer = setInterval(() => this.callAll(), options.everyMs);
  }

  /** Sends no more, and resolves when each call has ended in some way. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.underWay);
  }

  /** Calls that did not succeed, and were neither cut nor answered with the reason of a failure of ours: there should be none. */
  get unexplained(): readonly Outcome[] {
    return [...this.outcomes, ...this.notAccepted].filter(({ what }) => what !== '200' && !EXPLAINED.has(what));
  }

  /** Of calls that were sent after `ms`, asynchronous ones among them: how many succeeded, met a busy machine, and what the others saw. */
  since(ms: number): { readonly served: number; readonly busy: number; readonly failed: readonly string[] } {
    const all = [...this.outcomes, ...this.notAccepted].filter(({ beganMs }) => beganMs > ms).map(({ what }) => what);
    return { served: all.filter((what) => what === '200').length, busy: all.filter((what) => BUSY.has(what)).length, failed: all.filter((what) => what !== '200' && !BUSY.has(what)) };
  }

  get slowestMs(): number {
    return Math.max(...this.outcomes.map(({ ms }) => ms));
  }

  /** `{ '200': 120, '502 replica-failed': 1 }` */
  get counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { what } of this.outcomes) counts[what] = (counts[what] ?? 0) + 1;
    return counts;
  }

  get acceptedCount(): number {
    return this.accepted.length;
  }

  /** How the accepted calls ended, once all have; ids of those that have not after a minute are `waiting`. */
  async endsOfAccepted(): Promise<Readonly<Record<string, number>>> {
    const ends: Record<string, number> = {};
    const deadline = Date.now() + END_MS;
    for (const id of this.accepted) {
      let state = await this.stateOf(id);
      for (; !['succeeded', 'failed', 'cancelled'].includes(state) && Date.now() < deadline; state = await this.stateOf(id)) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
      ends[state] = (ends[state] ?? 0) + 1;
    }
    return ends;
  }

  private callAll(): void {
    const { paths, later } = this.options;
    this.keep(this.call(paths[this.sent++ % paths.length]!).then((outcome) => void this.outcomes.push(outcome)));
    this.keep(this.call(`/async-function/${later}`, (answer) => {
      if (answer.statusCode === 202) this.accepted.push(answer.headers['x-call-id'] as string);
    }).then((outcome) => void (outcome.what === '202' || this.notAccepted.push(outcome))));
  }

  private keep(call: Promise<void>): void {
    this.underWay.add(call);
    void call.finally(() => this.underWay.delete(call));
  }

  private call(path: string, answered: (answer: IncomingMessage) => void = () => undefined): Promise<Outcome> {
    const startedMs = performance.now();
    return new Promise((resolve) => {
      const end = (what: string) => resolve({ what, beganMs: startedMs, ms: performance.now() - startedMs });
      let port: number;
      try {
        port = this.gateway.port;
      } catch {
        return end('ECONNREFUSED'); // It has not said yet where it is.
      }
      const req = request({ host: '127.0.0.1', port, method: 'POST', path, agent: false, headers: { 'Content-Length': '1' }, timeout: HANGS_MS }, (res) => {
        const error = res.headers['x-shoal-error'];
        res.resume().on('end', () => {
          answered(res);
          end(error === undefined ? String(res.statusCode) : `${res.statusCode} ${String(error)}`);
        });
        res.on('error', (broken: NodeJS.ErrnoException) => end(broken.code ?? broken.message));
      });
      req.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message)).on('timeout', () => {
        end('hangs');
        req.destroy();
      });
      req.end('x');
    });
  }

  private async stateOf(id: string): Promise<string> {
    const { status, text } = await ask(this.gateway.url, 'GET', `/async-function/calls/${id}`).catch(() => ({ status: 0, text: '' }));
    return status === 200 ? (JSON.parse(text) as { state: string }).state : `unknown (${status})`;
  }
}
