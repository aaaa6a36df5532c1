import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { callEnvironment } from '@shoal/domain/processes/call-environment';
import type { ProcessExit, ProcessSpawner } from '@shoal/domain/processes/process-spawner';
import { RunOnce, type RunResult } from '@shoal/domain/processes/run-once';
import { sniffContentType } from '@shoal/domain/processes/sniff-content-type';
import type { Clock } from '@shoal/domain/shared/clock';
import { formatDuration } from '@shoal/domain/shared/duration';
import type { FunctionSettings } from './config';
import { LineSplitter, logDate, type WriteLine } from './function-log';
import { callLimit, durationSeconds, sendOwn, tooManyCalls, type CallLimit, type HostedFunction, type OwnAnswer } from './hosted-function';

/** A body up to this size has arrived whole before its process starts, so that a broken upload runs nothing. */
const HELD_INPUT_BYTES = 1024 * 1024;
/** An answer up to this size is held until its process has ended, so that a failure can still become a 500. */
const HELD_OUTPUT_BYTES = 1024 * 1024;
/** `marshal_request` needs the whole body in memory. */
const MAX_MARSHALLED_BYTES = 16 * 1024 * 1024;
/** Of an output that `write_debug` logs. */
const MAX_DEBUG_LENGTH = 4_096;
const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

export interface ForkingFunctionOptions {
  readonly settings: FunctionSettings;
  /** Of every process; the call's own variables come on top. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly spawner: ProcessSpawner;
  readonly clock: Clock;
  readonly log: WriteLine;
}

/** `serializing` mode: one process for each call (wire contract §5.1.3). */
export class ForkingFunction implements HostedFunction {
  readonly ready = true;
  readonly failure = undefined;
  inFlight = 0;
  private readonly running = new Set<RunOnce>();

  constructor(private readonly options: ForkingFunctionOptions) {}

  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { maxInflight, marshalRequest } = this.options.settings;
    if (!METHODS.has(req.method ?? '')) {
      res.writeHead(405, { Allow: [...METHODS].join(', ') }).end();
      return;
    }
    if (maxInflight > 0 && this.inFlight >= maxInflight) return sendOwn(res, tooManyCalls(maxInflight));
    this.inFlight++;
    try {
      const body = new HeldBody(req, marshalRequest ? MAX_MARSHALLED_BYTES : HELD_INPUT_BYTES);
      if (!(await body.collect())) return;
      if (marshalRequest && !body.complete) {
        return sendOwn(res, { status: 413, code: 'body-too-large', text: `marshal_request takes at most ${MAX_MARSHALLED_BYTES} bytes\n` });
      }
      await this.run(req, res, body);
    } finally {
      this.inFlight--;
    }
  }

  async upgrade(_req: IncomingMessage, socket: Duplex): Promise<void> {
    socket.end('HTTP/1.1 501 Not Implemented\r\nX-Shoal-Error: unsupported\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  }

  async stop(): Promise<void> {
    for (const run of this.running) run.stop();
    await Promise.all([...this.running].map((run) => run.gone));
  }

  private async run(req: IncomingMessage, res: ServerResponse, body: HeldBody): Promise<void> {
    const { settings, clock, spawner } = this.options;
    const startedMs = clock.monotonicMs();
    const limit = callLimit(req, settings);
    const call = new ForkedAnswer(req, res, limit, this.options);
    this.note('Forking fprocess.');
    if (settings.debugHeaders) for (let i = 0; i < req.rawHeaders.length; i += 2) this.note(`${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}`);
    if (settings.writeDebug) {
      const [path, query = ''] = (req.url ?? '/').split('?', 2);
      this.note(`Query ${query}`);
      this.note(`Path ${path}`);
    }
    const run = new RunOnce(
      spawner,
      clock,
      {
        command: this.command(req),
        execTimeoutMs: limit.ms,
        killGraceMs: settings.killGraceMs,
        heldOutputBytes: HELD_OUTPUT_BYTES,
        combineOutput: settings.combineOutput,
      },
      {
        output: (chunk) => {
          if (!call.stream(chunk)) run.pauseOutput();
        },
        stderr: (chunk) => call.stderr(chunk),
        drained: () => body.resume(),
      },
    );
    this.running.add(run);
    const onDrain = () => run.resumeOutput();
    const onClose = () => run.stop();
    res.on('drain', onDrain);
    res.on('close', onClose);
    if (settings.marshalRequest) {
      run.write(marshalled(req, body.held));
      run.endInput();
    } else {
      body.feed(run);
    }
    const result = await run.result;
    body.stop();
    res.off('close', onClose);
    const elapsedMs = clock.monotonicMs() - startedMs;
    call.finish(result, elapsedMs, (text) => this.note(text));
    await run.gone;
    res.off('drain', onDrain);
    this.running.delete(run);
  }

  private command(req: IncomingMessage) {
    const { settings, env, cwd } = this.options;
    const head = { method: req.method ?? 'GET', target: req.url ?? '/', rawHeaders: req.rawHeaders };
    return {
      argv: settings.argv,
      env: settings.cgiHeaders ? { ...env, ...callEnvironment(head) } : env,
      ...(cwd === undefined ? {} : { cwd }),
    };
  }

  private note(text: string): void {
    this.options.log(`${logDate(new Date())} ${text}`);
  }
}

/** The request's body: its beginning held in memory, the rest fed to the process as that reads it. */
class HeldBody {
  readonly held: Buffer[] = [];
  complete = false;
  private bytes = 0;
  private target: RunOnce | undefined;

  constructor(
    private readonly req: IncomingMessage,
    private readonly maxBytes: number,
  ) {}

  /** Resolves when all of it or as much as can be held has arrived; with false when the caller left before. */
  collect(): Promise<boolean> {
    const { req } = this;
    return new Promise((resolve) => {
      const done = (arrived: boolean) => {
        req.off('data', onData).off('end', onEnd).off('close', onClose);
        if (arrived && !this.complete) req.pause();
        resolve(arrived);
      };
      const onData = (chunk: Buffer) => {
        this.held.push(chunk);
        this.bytes += chunk.byteLength;
        if (this.bytes > this.maxBytes) done(true);
      };
      const onEnd = () => {
        this.complete = true;
        done(true);
      };
      const onClose = () => done(false);
      req.on('error', () => undefined); // 'close' follows.
      req.on('data', onData).on('end', onEnd).on('close', onClose);
    });
  }

  feed(run: RunOnce): void {
    for (const chunk of this.held.splice(0)) run.write(chunk);
    if (this.complete) return run.endInput();
    this.target = run;
    this.req.on('data', this.onData).on('end', this.onEnd);
    this.req.resume();
  }

  resume(): void {
    if (this.target) this.req.resume();
  }

  /** The process has ended: whatever it has not read, nobody will. */
  stop(): void {
    this.target = undefined;
    this.req.off('data', this.onData).off('end', this.onEnd);
  }

  private readonly onData = (chunk: Buffer): void => {
    if (this.target?.write(chunk) === false) this.req.pause();
  };

  private readonly onEnd = (): void => this.target?.endInput();
}

/** Turns what a process wrote, and how it ended, into the answer. */
class ForkedAnswer {
  private streamedBytes = 0;
  private readonly errors: LineSplitter;

  constructor(
    private readonly req: IncomingMessage,
    private readonly res: ServerResponse,
    private readonly limit: CallLimit,
    private readonly options: ForkingFunctionOptions,
  ) {
    const { settings, log } = options;
    const callId = String(req.headers['x-call-id'] ?? 'none');
    this.errors = new LineSplitter(settings.maxLogLineBytes, (line) =>
      log(settings.prefixLogs ? `stderr: [${callId}] ${line}` : line),
    );
  }

  /** What goes beyond what is held back. False asks to pause. */
  stream(chunk: Uint8Array): boolean {
    if (!this.res.headersSent) this.res.writeHead(200, { 'Content-Type': this.contentType(chunk) });
    this.streamedBytes += chunk.byteLength;
    return this.res.write(chunk);
  }

  stderr(chunk: Uint8Array): void {
    this.errors.push(chunk);
  }

  finish(result: RunResult, elapsedMs: number, note: (text: string) => void): void {
    this.errors.end();
    if (result.kind === 'stopped') return note('The caller left; the process was killed.');
    if (this.res.headersSent) return this.finishStreamed(result, elapsedMs, note);
    if (result.kind === 'exited' && result.exit.code === 0) {
      const body = Buffer.concat(result.held);
      this.res.writeHead(200, {
        'Content-Type': this.contentType(body),
        'Content-Length': body.byteLength,
        'X-Duration-Seconds': durationSeconds(elapsedMs),
      });
      this.res.end(body);
      if (!this.options.settings.writeDebug) return note(`Wrote ${body.byteLength} Bytes - Duration: ${durationSeconds(elapsedMs)}s`);
      note(`Out=${body.toString('utf8', 0, MAX_DEBUG_LENGTH)}`);
      return note(`Duration: ${durationSeconds(elapsedMs)}s`);
    }
    const answer = this.failure(result, elapsedMs);
    note(answer.text.split('\n', 2).filter(Boolean).join(' '));
    sendOwn(this.res, answer);
  }

  private finishStreamed(result: RunResult, elapsedMs: number, note: (text: string) => void): void {
    if (result.kind === 'exited' && result.exit.code === 0) {
      this.res.end();
      return note(`Wrote ${this.streamedBytes} Bytes - Duration: ${durationSeconds(elapsedMs)}s`);
    }
    // The status is out already: only a broken connection can still say that the answer is not whole.
    this.res.destroy();
    note(`${this.failure(result, elapsedMs).text.trim()}; the answer was cut off after ${this.streamedBytes} Bytes`);
  }

  private failure(result: RunResult, elapsedMs: number): OwnAnswer {
    const { argv } = this.options.settings;
    if (result.kind === 'timed-out') {
      const { name, ms } = this.limit;
      return {
        status: 408,
        code: 'exec-timeout',
        text: `Killed process.\nThe function overran ${name}, which is ${formatDuration(ms)}: killed after ${durationSeconds(elapsedMs)}s\n`,
        limit: `${name}=${formatDuration(ms)}`,
      };
    }
    if (result.kind === 'exited') {
      const output = Buffer.concat(result.held).toString();
      return { status: 500, code: 'replica-failed', text: `${exitText(result.exit)}\n${output}` };
    }
    const reason = result.kind === 'not-started' ? result.reason : 'the process was stopped';
    if (reason.includes('E2BIG')) {
      return { status: 431, code: 'invalid-request', text: 'The headers are too long for the environment of a process\n' };
    }
    return { status: 500, code: 'replica-failed', text: `fork/exec ${argv[0]}: ${startFailure(reason)}\n` };
  }

  private contentType(body: Uint8Array): string {
    return this.options.settings.contentType ?? this.req.headers['content-type'] ?? sniffContentType(body);
  }
}

/** As Go says it, because tools match on it. */
function exitText(exit: ProcessExit): string {
  if (exit.signal === undefined) return `exit status ${exit.code}`;
  const names: Readonly<Record<string, string>> = { SIGKILL: 'killed', SIGTERM: 'terminated', SIGSEGV: 'segmentation fault', SIGABRT: 'aborted' };
  return `signal: ${names[exit.signal] ?? exit.signal}`;
}

function startFailure(reason: string): string {
  if (reason.includes('ENOENT')) return 'no such file or directory';
  if (reason.includes('EACCES')) return 'permission denied';
  return reason;
}

function marshalled(req: IncomingMessage, body: readonly Buffer[]): Buffer {
  // Not a plain object: a caller may name a header `constructor` or `__proto__`.
  const header = new Map<string, string[]>();
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const name = canonicalName(req.rawHeaders[i]!);
    const values = header.get(name) ?? [];
    header.set(name, [...values, req.rawHeaders[i + 1]!]);
  }
  return Buffer.from(JSON.stringify({ header: Object.fromEntries(header), body: { raw: Buffer.concat(body).toString('base64') } }));
}

/** `content-type` → `Content-Type`. */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
