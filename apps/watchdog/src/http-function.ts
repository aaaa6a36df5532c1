import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { endToEndHeaders } from '@shoal/adapters/http/end-to-end-headers';
import { createConnections, forward, hasBody } from '@shoal/adapters/http/forward';
import { tunnel } from '@shoal/adapters/http/tunnel';
import { KeepRunning } from '@shoal/domain/processes/keep-running';
import type { ProcessSpawner } from '@shoal/domain/processes/process-spawner';
import type { Clock } from '@shoal/domain/shared/clock';
import { formatDuration } from '@shoal/domain/shared/duration';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { FunctionSettings } from './config';
import { LineSplitter, logDate, type WriteLine } from './function-log';
import {
  callLimit,
  durationSeconds,
  ownHeaders,
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
/** The server in front has answered an expectation already. */
const DROPPED_FROM_REQUEST: ReadonlySet<string> = new Set(['expect']);
/** Say that the watchdog answered; a function cannot. */
const DROPPED_FROM_ANSWER: ReadonlySet<string> = new Set(['x-shoal-error', 'x-shoal-layer', 'x-shoal-limit']);

export interface HttpFunctionOptions {
  readonly settings: FunctionSettings;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Where the next process is to listen, and what its environment says about it. */
  nextUpstream(): Promise<{ readonly origin: string; readonly env: Readonly<Record<string, string>> }>;
  readonly spawner: ProcessSpawner;
  readonly clock: Clock;
  readonly log: WriteLine;
  /** Called whenever `ready` or `failure` may have changed. */
  changed(): void;
}

/** `http` mode: one process that serves HTTP itself, kept running, with the watchdog in front of it (§5.2). */
export class HttpFunction implements HostedFunction {
  inFlight = 0;
  private origin = '';
  private replacing = false;
  private readonly connections = createConnections();
  private readonly kept: KeepRunning;
  private readonly waiting = new Set<() => void>();
  private readonly endLines: () => void;

  constructor(private readonly options: HttpFunctionOptions) {
    const { settings, spawner, clock, env, cwd } = options;
    const lines = (stream: string) =>
      new LineSplitter(settings.maxLogLineBytes, (line) =>
        options.log(settings.prefixLogs ? `${logDate(new Date())} ${stream}: ${line}` : line),
      );
    const [stdout, stderr] = [lines('stdout'), lines('stderr')];
    this.endLines = () => [stdout, stderr].forEach((splitter) => splitter.end());
    this.kept = new KeepRunning(spawner, clock, {
      next: async () => {
        this.endLines(); // What the last process left unfinished is no part of the next one's first line.
        const upstream = await options.nextUpstream();
        this.origin = upstream.origin;
        const command = { argv: settings.argv, env: { ...env, ...upstream.env }, ...(cwd === undefined ? {} : { cwd }) };
        return { command, probe: () => this.probe(), expectation: `listen at ${upstream.origin}` };
      },
      startTimeoutMs: settings.startTimeoutMs,
      killGraceMs: settings.killGraceMs,
      stdout: (chunk) => stdout.push(chunk),
      stderr: (chunk) => stderr.push(chunk),
      changed: () => this.onChanged(),
    });
  }

  get ready(): boolean {
    return this.kept.ready && !this.replacing;
  }

  get failure(): string | undefined {
    return this.kept.failure && `the function's process ${this.kept.failure}`;
  }

  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { clock } = this.options;
    const refusal = await this.refusal();
    if (refusal) return sendOwn(res, refusal);
    this.inFlight++;
    const startedMs = clock.monotonicMs();
    const limit = callLimit(req, this.options.settings);
    try {
      await forward(req, res, {
        connections: this.connections,
        origin: this.origin,
        path: req.url ?? '/',
        headers: endToEndHeaders(req.rawHeaders, DROPPED_FROM_REQUEST),
        body: hasBody(req) ? req : null,
        limitMs: limit.ms,
        timedOut: () => this.overrun(limit),
        answerHeaders: () => ['X-Duration-Seconds', durationSeconds(clock.monotonicMs() - startedMs)],
        replaced: DROPPED_FROM_ANSWER,
      });
    } catch (error) {
      sendOwn(res, answerTo(error as ShoalError, limit));
    } finally {
      this.inFlight--;
    }
  }

  async upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const refusal = await this.refusal();
    if (refusal) return sendOwnRaw(socket, refusal);
    this.inFlight++;
    const limit = callLimit(req, this.options.settings);
    try {
      await tunnel(req, socket, head, {
        origin: this.origin,
        path: req.url ?? '/',
        headers: endToEndHeaders(req.rawHeaders, DROPPED_FROM_REQUEST),
        limitMs: limit.ms,
        timedOut: () => this.overrun(limit),
        answerHeaders: () => [],
      });
    } catch (error) {
      sendOwnRaw(socket, answerTo(error as ShoalError, limit));
    } finally {
      this.inFlight--;
    }
  }

  async stop(): Promise<void> {
    await this.kept.stop();
    this.endLines();
    await this.connections.close();
  }

  /** Waits while the process is starting. */
  private async refusal(): Promise<OwnAnswer | undefined> {
    const { maxInflight, startTimeoutMs } = this.options.settings;
    if (maxInflight > 0 && this.inFlight >= maxInflight) return tooManyCalls(maxInflight);
    const deadlineMs = this.options.clock.monotonicMs() + startTimeoutMs;
    while (!this.ready && this.failure === undefined) {
      const leftMs = deadlineMs - this.options.clock.monotonicMs();
      if (leftMs <= 0) break;
      await this.nextChange(leftMs);
    }
    if (this.ready) return undefined;
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
    if (this.failure !== undefined && !this.replacing) this.options.log(`${logDate(new Date())} ${this.failure}; starting it again`);
    for (const wake of this.waiting) wake();
    this.options.changed();
  }

  /** A call overran its time: its process is replaced, because nothing else stops what it is doing. */
  private overrun({ name, ms }: CallLimit): ShoalError {
    void this.replace();
    return new ShoalError('exec-timeout', `The function overran ${name}, which is ${formatDuration(ms)}; its process is replaced`);
  }

  private async replace(): Promise<void> {
    if (this.replacing) return;
    this.replacing = true;
    this.onChanged();
    this.options.log(`${logDate(new Date())} A call overran its time: replacing the process`);
    const { clock } = this.options;
    const deadlineMs = clock.monotonicMs() + REPLACE_GRACE_MS;
    while (this.inFlight > 0 && clock.monotonicMs() < deadlineMs) {
      await new Promise<void>((resolve) => clock.after(REPLACE_POLL_MS, resolve));
    }
    await this.kept.replace();
    this.replacing = false;
    this.onChanged();
  }

  private async probe(): Promise<boolean> {
    const { readyPath } = this.options.settings;
    if (readyPath === undefined) return acceptsConnections(new URL(this.origin));
    try {
      const answer = await fetch(new URL(readyPath, this.origin), { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }
}

function answerTo(error: ShoalError, { name, ms }: CallLimit): OwnAnswer {
  const text = `${error.message}\n`;
  if (error.code === 'exec-timeout') return { status: 504, code: error.code, text, limit: `${name}=${formatDuration(ms)}` };
  if (error.code === 'replica-unreachable') return { status: 503, code: 'not-ready', text };
  return { status: 502, code: error.code, text };
}

function acceptsConnections({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || 80), timeout: PROBE_TIMEOUT_MS });
    const done = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.on('connect', () => done(true)).on('error', () => done(false)).on('timeout', () => done(false));
  });
}

function sendOwnRaw(socket: Duplex, answer: OwnAnswer): void {
  if (socket.destroyed) return;
  const headers = [...ownHeaders(answer), 'Connection', 'close'];
  let head = `HTTP/1.1 ${answer.status} \r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  socket.end(`${head}\r\n${answer.text}`);
}
