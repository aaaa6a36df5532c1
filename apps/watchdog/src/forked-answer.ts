import type { Exchange } from '@shoal/adapters/http/exchange';
import type { ProcessExit } from '@shoal/domain/processes/process-spawner';
import type { RunResult } from '@shoal/domain/processes/run-once';
import { sniffContentType } from '@shoal/domain/processes/sniff-content-type';
import { formatDuration } from '@shoal/domain/shared/duration';
import type { FunctionSettings } from './config';
import type { FunctionLog, LineSplitter } from './function-log';
import { callIdOf, describeLimit, durationSeconds, ranOutOfMemory, sendOwn, type CallLimit, type OwnAnswer } from './hosted-function';

/** Of an output that `write_debug` logs. */
const MAX_DEBUG_LENGTH = 4_096;

/** Turns what a process wrote, and how it ended, into the answer and the lines of the log. */
export class ForkedAnswer {
  private errors: LineSplitter | undefined;

  constructor(
    private readonly exchange: Exchange,
    private readonly limit: CallLimit,
    private readonly settings: FunctionSettings,
    private readonly log: FunctionLog,
  ) {}

  /** What goes out before the process has ended. False asks to pause. */
  stream(chunk: Uint8Array): boolean {
    const { exchange } = this;
    if (!exchange.headSent) exchange.begin(200, ['Content-Type', this.contentType(chunk)]);
    return exchange.write(chunk);
  }

  stderr(chunk: Uint8Array): void {
    this.errors ??= this.log.lines('stderr', callIdOf(this.exchange));
    this.errors.push(chunk);
  }

  finish(result: RunResult, elapsedMs: number): void {
    this.errors?.end();
    if (result.kind === 'stopped') {
      const why = this.exchange.closed ? 'The caller left' : 'The watchdog is stopping';
      this.exchange.cut();
      return this.note(`${why}; the process was killed.`);
    }
    const succeeded = result.kind === 'exited' && result.exit.code === 0;
    if (this.exchange.headSent) return succeeded ? this.endStream(elapsedMs) : this.cut(this.failure(result, elapsedMs));
    if (succeeded) return this.send(Buffer.concat(result.held), elapsedMs);
    const answer = this.failure(result, elapsedMs);
    this.note(answer.text.split('\n', 2).filter(Boolean).join(' '));
    sendOwn(this.exchange, answer);
  }

  private send(body: Buffer, elapsedMs: number): void {
    const { exchange, settings } = this;
    const headers = ['Content-Type', this.contentType(body)];
    if (settings.mode === 'serializing') headers.push('X-Duration-Seconds', durationSeconds(elapsedMs));
    // What is left of the request is not read to its end: the connection cannot serve another.
    if (!exchange.complete) exchange.keepAlive = false;
    exchange.send(200, headers, body);
    if (!settings.writeDebug) return this.noteWritten(elapsedMs);
    this.log.note(`Out=${body.toString('utf8', 0, MAX_DEBUG_LENGTH)}`);
    this.log.note(`Duration: ${durationSeconds(elapsedMs)}s`);
  }

  private endStream(elapsedMs: number): void {
    this.exchange.end();
    this.noteWritten(elapsedMs);
  }

  /** The status is out already: only a broken connection can still say that the answer is not whole. */
  private cut(failure: OwnAnswer): void {
    this.exchange.cut();
    this.note(`${failure.text.trim()}; the answer was cut off after ${this.exchange.bytesSent} Bytes`);
  }

  private failure(result: RunResult, elapsedMs: number): OwnAnswer {
    if (result.kind === 'timed-out') {
      const { name, ms } = this.limit;
      return {
        status: 408,
        code: 'exec-timeout',
        text: `Killed process.\nThe function overran ${name}, which is ${formatDuration(ms)}: killed after ${durationSeconds(elapsedMs)}s\n`,
        limit: describeLimit(this.limit),
      };
    }
    if (result.kind === 'exited') {
      const { exit, held } = result;
      const output = Buffer.concat(held).toString();
      if (exit.outOfMemory) return ranOutOfMemory(exit.outOfMemory, `${exitText(exit)}: `, output);
      return { status: 500, code: 'replica-failed', text: `${exitText(exit)}\n${output}` };
    }
    const reason = result.kind === 'not-started' ? result.reason : 'the process was stopped';
    if (reason.includes('E2BIG')) {
      return { status: 431, code: 'invalid-request', text: 'The headers are too long for the environment of a process\n' };
    }
    return { status: 500, code: 'replica-failed', text: `fork/exec ${this.settings.argv[0]}: ${startFailure(reason)}\n` };
  }

  private contentType(body: Uint8Array): string {
    return this.settings.contentType ?? this.exchange.header('content-type') ?? sniffContentType(body);
  }

  /** A line that only the classic watchdog writes, which tools look for. */
  private noteWritten(elapsedMs: number): void {
    if (this.settings.classic) this.log.note(`Wrote ${this.exchange.bytesSent} Bytes - Duration: ${durationSeconds(elapsedMs)}s`);
  }

  private note(text: string): void {
    this.log.note(text, callIdOf(this.exchange));
  }
}

/** As Go says it, because tools match on it. */
function exitText(exit: ProcessExit): string {
  if (exit.signal === undefined) return `exit status ${exit.code}`;
  const names: Readonly<Record<string, string>> = {
    SIGABRT: 'aborted',
    SIGBUS: 'bus error',
    SIGFPE: 'floating point exception',
    SIGHUP: 'hangup',
    SIGILL: 'illegal instruction',
    SIGINT: 'interrupt',
    SIGKILL: 'killed',
    SIGPIPE: 'broken pipe',
    SIGQUIT: 'quit',
    SIGSEGV: 'segmentation fault',
    SIGTERM: 'terminated',
  };
  return `signal: ${names[exit.signal] ?? exit.signal}`;
}

function startFailure(reason: string): string {
  if (reason.includes('ENOENT')) return 'no such file or directory';
  if (reason.includes('EACCES')) return 'permission denied';
  if (reason.includes('EMFILE')) return 'too many open files';
  return reason;
}
