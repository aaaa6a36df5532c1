import type { Exchange } from '@shoal/adapters/http/exchange';
import { askStatus } from '@shoal/adapters/http/ask-status';
import type { Sockets } from '@shoal/adapters/http/sockets';
import { Upstream, type UpstreamCall } from '@shoal/adapters/http/upstream';
import { KeepRunning, type RestartReason } from '@shoal/domain/processes/keep-running';
import type { MemoryWatch } from '@shoal/domain/processes/out-of-memory';
import type { ProcessSpawner } from '@shoal/domain/processes/process-spawner';
import type { Clock } from '@shoal/domain/shared/clock';
import { formatDuration } from '@shoal/domain/shared/duration';
import { ShoalError } from '@shoal/domain/shared/errors';
import { CallBody } from './call-body';
import type { FunctionSettings } from './config';
import type { FunctionLog } from './function-log';
import {
  callIdOf,
  callLimit,
  describeLimit,
  durationSeconds,
  OWN_HEADERS,
  ranOutOfMemory,
  sendOwn,
  tooManyCalls,
  type CallLimit,
  type HostedFunction,
  type OwnAnswer,
} from './hosted-function';

const PROBE_TIMEOUT_MS = 1_000;
/** How long other calls of an overrunning process may go on before it is killed with them. */
const REPLACE_GRACE_MS = 2_000;
const REPLACE_POLL_MS = 20;
/** `buffer_http` needs the whole body in memory. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
const NO_HEADERS: readonly string[] = [];

/** Where an `http` function's process listens, and what its environment says about that. */
export interface NextUpstream {
  readonly host: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
}

export interface HttpFunctionOptions {
  readonly settings: FunctionSettings;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Asked before each start. */
  nextUpstream(): Promise<NextUpstream>;
  readonly sockets: Sockets;
  readonly spawner: ProcessSpawner;
  readonly clock: Clock;
  readonly log: FunctionLog;
  /** Called whenever `ready` or `failure` may have changed. */
  changed(): void;
  /** Called when the process is to be started again. */
  restarting(reason: RestartReason): void;
  /** Of this function alone; absent: a call that breaks off has no reason that could be known. */
  readonly memory?: MemoryWatch;
}

/** `http` mode: one process that serves HTTP itself, kept running, with the watchdog in front of it (§5.2). */
export class HttpFunction implements HostedFunction {
  inFlight = 0;
  private upstream: Upstream | undefined;
  private replacing = false;
  private readonly kept: KeepRunning;
  private readonly waiting = new Set<() => void>();
  private readonly endLines: () => void;

  constructor(private readonly options: HttpFunctionOptions) {
    const { settings, spawner, clock, log } = options;
    const [stdout, stderr] = [log.lines('stdout'), log.lines('stderr')];
    this.endLines = () => [stdout, stderr].forEach((splitter) => splitter.end());
    this.kept = new KeepRunning(spawner, clock, {
      next: () => this.next(),
      startTimeoutMs: settings.startTimeoutMs,
      killGraceMs: settings.killGraceMs,
      stdout: (chunk) => stdout.push(chunk),
      stderr: (chunk) => stderr.push(chunk),
      changed: () => this.onChanged(),
      restarting: (reason) => options.restarting(reason),
    });
  }

  get ready(): boolean {
    return this.kept.ready && !this.replacing;
  }

  get failure(): string | undefined {
    return this.kept.failure && `the function's process ${this.kept.failure}`;
  }

  async handle(exchange: Exchange): Promise<void> {
    const refusal = this.refusal() ?? (this.ready ? undefined : await this.untilReady(exchange));
    if (refusal) return sendOwn(exchange, refusal);
    this.inFlight++;
    try {
      await this.forward(exchange);
    } finally {
      this.inFlight--;
    }
  }

  /** The function's own answer at `ready_path`. */
  async answerReady(exchange: Exchange): Promise<void> {
    const { readyPath } = this.options.settings;
    const refusal = this.refusal() ?? (this.ready ? undefined : this.notReady());
    if (refusal) return sendOwn(exchange, refusal);
    if (readyPath === undefined) return exchange.send(200, NO_HEADERS);
    exchange.target = readyPath;
    await this.forward(exchange);
  }

  async stop(): Promise<void> {
    await this.kept.stop();
    this.endLines();
    this.upstream?.close();
  }

  private async next() {
    const { settings, env, cwd, sockets } = this.options;
    this.endLines(); // What the last process left unfinished is no part of the next one's first line.
    const { host, port, env: where } = await this.options.nextUpstream();
    this.upstream?.close();
    this.upstream = new Upstream(sockets, host, port);
    return {
      command: { argv: settings.argv, env: { ...env, ...where }, ...(cwd === undefined ? {} : { cwd }) },
      probe: () => this.probe(host, port),
      expectation: `listen at http://${host}:${port}`,
    };
  }

  private async forward(exchange: Exchange): Promise<void> {
    const { settings, clock, memory } = this.options;
    const startedMs = clock.monotonicMs();
    const killsBefore = memory?.known;
    const limit = callLimit(exchange, settings);
    try {
      let call: UpstreamCall = {
        limitMs: limit.ms,
        timedOut: () => this.overrun(limit),
        answerLines: () => `X-Duration-Seconds: ${durationSeconds(clock.monotonicMs() - startedMs)}\r\n`,
        withheld: OWN_HEADERS,
      };
      if (settings.bufferRequest) {
        const body = await this.buffered(exchange);
        if (!body) return;
        call = { ...call, body };
      }
      await this.upstream!.forward(exchange, call);
    } catch (error) {
      if (!(error instanceof ShoalError)) throw error;
      // The kill is counted before the connection breaks; that the process has ended may be known only later. And a server's
      // worker can be killed while the server goes on.
      const outOfMemory = error.code === 'replica-failed' ? memory?.ranOutSince(killsBefore) : undefined;
      const answer = outOfMemory ? ranOutOfMemory(outOfMemory) : answerTo(error, limit);
      this.options.log.note(answer.text.trim(), callIdOf(exchange));
      sendOwn(exchange, answer);
    }
  }

  /** The request's body; nothing when there is to be no call: the caller has left, or has been answered. */
  private async buffered(exchange: Exchange): Promise<Buffer | undefined> {
    const body = new CallBody(exchange, MAX_BUFFERED_BYTES);
    exchange.onClosed = () => body.abandon();
    if (!(await body.collect())) return undefined;
    if (body.complete) return Buffer.concat(body.held);
    sendOwn(exchange, { status: 413, code: 'body-too-large', text: `buffer_http takes at most ${MAX_BUFFERED_BYTES} bytes\n` });
    return undefined;
  }

  private refusal(): OwnAnswer | undefined {
    const { maxInflight } = this.options.settings;
    return maxInflight > 0 && this.inFlight >= maxInflight ? tooManyCalls(maxInflight) : undefined;
  }

  /** Waits while the process is starting. */
  private async untilReady(exchange: Exchange): Promise<OwnAnswer | undefined> {
    const { clock, settings } = this.options;
    const deadlineMs = clock.monotonicMs() + settings.startTimeoutMs;
    exchange.onClosed = () => this.waiting.forEach((wake) => wake());
    while (!this.ready && this.failure === undefined && !exchange.closed) {
      const leftMs = deadlineMs - clock.monotonicMs();
      if (leftMs <= 0) break;
      await this.nextChange(leftMs);
    }
    return this.ready ? this.refusal() : this.notReady();
  }

  private notReady(): OwnAnswer {
    return { status: 503, code: 'not-ready', text: `${this.failure ?? 'the function is not ready'}\n` };
  }

  private nextChange(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.options.clock.after(limitMs, () => done());
      const done = () => {
        timer.cancel();
        this.waiting.delete(done);
        resolve();
      };
      this.waiting.add(done);
    });
  }

  private onChanged(): void {
    if (this.failure !== undefined && !this.replacing) this.options.log.note(`${this.failure}; starting it again`);
    for (const wake of this.waiting) wake();
    this.options.changed();
  }

  /** A call overran its time: its process is replaced, because nothing else stops what it is doing. */
  private overrun(limit: CallLimit): ShoalError {
    void this.replace();
    return new ShoalError('exec-timeout', `The function overran ${limit.name}, which is ${formatDuration(limit.ms)}; its process is replaced`);
  }

  private async replace(): Promise<void> {
    if (this.replacing) return;
    this.replacing = true;
    this.onChanged();
    const { clock, log } = this.options;
    log.note('A call overran its time: replacing the process');
    const deadlineMs = clock.monotonicMs() + REPLACE_GRACE_MS;
    while (this.inFlight > 0 && clock.monotonicMs() < deadlineMs) {
      await new Promise<void>((resolve) => clock.after(REPLACE_POLL_MS, resolve));
    }
    await this.kept.replace();
    this.replacing = false;
    this.onChanged();
  }

  private async probe(host: string, port: number): Promise<boolean> {
    const { sockets, settings } = this.options;
    try {
      if (settings.readyPath !== undefined) {
        const status = await askStatus(sockets, { host, port, path: settings.readyPath, limitMs: PROBE_TIMEOUT_MS });
        return status >= 200 && status < 300;
      }
      (await sockets.connect(host, port, PROBE_TIMEOUT_MS)).destroy();
      return true;
    } catch {
      return false; // It does not listen yet, which is what the probe is there to find out.
    }
  }
}

function answerTo(error: ShoalError, limit: CallLimit): OwnAnswer {
  const text = `${error.message}\n`;
  if (error.code === 'exec-timeout') return { status: 504, code: error.code, text, limit: describeLimit(limit) };
  if (error.code === 'replica-unreachable') return { status: 503, code: 'not-ready', text };
  return { status: 502, code: error.code, text };
}
