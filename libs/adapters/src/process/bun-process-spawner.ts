import { closeSync, constants, writeSync } from 'node:fs';
import { messageOf } from '@shoal/domain/shared/errors';
import type { Command, ProcessEvents, ProcessExit, ProcessSpawner, RunningProcess } from '@shoal/domain/processes/process-spawner';
import { libc } from './libc';
import { notStarted } from './not-started';
import { ProcessMark } from './process-mark';
import { reapOrphans } from './reap-orphans';

/**
 * Watching the outputs of a process costs more than reading them at its end, which is all that a short one needs. So at
 * first we only look what is there, after these times, and watch from the last of them on, or once a pipe was found full:
 * until then its process waits.
 */
const LOOK_AFTER_MS = [2, 6, 18];
/** Read at once after the end of a process; what descendants write after that is read as it comes. */
const MAX_READS_AT_END = 64;

const REAP_INTERVAL_MS = 1_000;
/** Bun opens a file of its own for what it watches: until one can be opened again, it is tried so often. */
const OPEN_AGAIN_MS = 20;

const spare = new Uint8Array(65_536);

/**
 * Starts processes with `Bun.spawn` on Linux, each in a session of its own, over pipes of ours: Bun's own are sockets,
 * and a process that opens `/dev/stdin` or `/dev/stderr` gets an error (ENXIO) where that is a socket.
 *
 * As the first process of a container it is the parent of all who have lost theirs, and waits for their ends, too.
 */
export class BunProcessSpawner implements ProcessSpawner {
  /** False under Node and on other systems: `NodeProcessSpawner` works there, on Bun too. */
  static isAvailable(): boolean {
    return bun !== undefined && process.platform === 'linux';
  }

  /** Those that Bun waits for. */
  private readonly own = new Set<number>();

  constructor() {
    if (process.pid === 1) setInterval(() => reapOrphans(this.own), REAP_INTERVAL_MS).unref();
  }

  start(command: Command, events: ProcessEvents): RunningProcess {
    const mark = new ProcessMark();
    const opened: Pipe[] = [];
    try {
      if (!libc()) throw new Error('the C library of this system is neither glibc nor musl');
      for (let i = command.mergeStderr ? 2 : 3; i > 0; i--) opened.push(openPipe());
      const [stdin, stdout, stderr = stdout] = opened as [Pipe, Pipe, Pipe?];
      let child: BunProcess | undefined = undefined;
      const { pid } = bun!.spawn(command.argv, {
        stdin: stdin.readEnd,
        stdout: stdout.writeEnd,
        stderr: stderr.writeEnd,
        ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
        env: mark.markedEnv(command.env),
        detached: true,
        onExit: (_process, code, signal) => {
          this.own.delete(pid);
          child?.onExit(typeof signal === 'string' ? { signal } : { code: code ?? 0 });
        },
      });
      this.own.add(pid);
      child = new BunProcess(pid, mark, events, opened);
      return child;
    } catch (error) {
      for (const { readEnd, writeEnd } of opened) [readEnd, writeEnd].forEach((fd) => closeSync(fd));
      queueMicrotask(() => events.failed(startFailure(error)));
      return notStarted;
    }
  }
}

class BunProcess implements RunningProcess {
  private readonly input: InputPipe;
  private readonly outputs: readonly OutputPipe[];
  private open: number;
  private looks = 0;
  private lookTimer: NodeJS.Timeout | undefined;

  constructor(
    readonly pid: number,
    private readonly mark: ProcessMark,
    private readonly events: ProcessEvents,
    [stdin, ...outputs]: readonly Pipe[],
  ) {
    closeSync(stdin!.readEnd);
    for (const { writeEnd } of outputs) closeSync(writeEnd);
    this.input = new InputPipe(stdin!.writeEnd, () => events.drained());
    this.open = outputs.length;
    this.outputs = outputs.map(({ readEnd }, i) => {
      const pass = (chunk: Uint8Array) => (i === 0 ? events.stdout(chunk) : events.stderr(chunk));
      return new OutputPipe(readEnd, pass, () => --this.open === 0 && events.outputEnded());
    });
    this.lookLater();
  }

  onExit(exit: ProcessExit): void {
    clearTimeout(this.lookTimer);
    for (const output of this.outputs) output.readRest();
    this.events.exited(exit);
  }

  write(chunk: Uint8Array): boolean {
    return this.input.write(chunk);
  }

  endInput(): void {
    this.input.end();
  }

  pauseOutput(): void {
    for (const output of this.outputs) output.pause();
  }

  resumeOutput(): void {
    for (const output of this.outputs) output.resume();
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.mark.kill(this.pid, signal);
  }

  closeOutput(): void {
    clearTimeout(this.lookTimer);
    this.input.end();
    for (const output of this.outputs) output.close();
  }

  private lookLater(): void {
    const nowMs = LOOK_AFTER_MS[this.looks - 1] ?? 0;
    this.lookTimer = setTimeout(() => this.look(), LOOK_AFTER_MS[this.looks++]! - nowMs);
  }

  private look(): void {
    const last = this.looks === LOOK_AFTER_MS.length;
    for (const output of this.outputs) if (last || output.readSome() === 'full') output.watch();
    if (!last) this.lookLater();
  }
}

/** Takes what the pipe takes at once; the rest goes through Bun's writer, which waits for the pipe. */
class InputPipe {
  private writer: BunFileSink | undefined;
  private opening: Promise<BunFileSink> | undefined;
  private waiting = 0;
  private ended = false;
  /** Nobody reads it any more. */
  private broken = false;

  constructor(
    private readonly fd: number,
    private readonly drained: () => void,
  ) {
    libc()!.fcntl(fd, F_SETFL, constants.O_WRONLY | constants.O_NONBLOCK);
  }

  write(chunk: Uint8Array): boolean {
    const taken = this.opening ? 0 : this.writeNow(chunk);
    if (this.ended || this.broken || taken === chunk.byteLength) return true;
    this.opening ??= this.openWriter();
    void this.writeLater(this.opening, chunk.subarray(taken));
    return false;
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.waiting === 0) this.close();
  }

  private writeNow(chunk: Uint8Array): number {
    if (this.ended || this.broken) return 0;
    try {
      return writeSync(this.fd, chunk);
    } catch (error) {
      this.broken = (error as NodeJS.ErrnoException).code !== 'EAGAIN';
      return 0;
    }
  }

  private async openWriter(): Promise<BunFileSink> {
    for (;;) {
      try {
        return (this.writer = bun!.file(this.fd).writer());
      } catch {
        await new Promise((resolve) => setTimeout(resolve, OPEN_AGAIN_MS));
      }
    }
  }

  private async writeLater(opening: Promise<BunFileSink>, chunk: Uint8Array): Promise<void> {
    this.waiting++;
    try {
      const writer = await opening;
      await writer.write(chunk);
      await writer.flush();
    } catch {
      this.broken = true;
    }
    if (--this.waiting > 0) return;
    if (this.ended) return this.close();
    this.drained();
  }

  /** Never while the writer still has something to write: the number of the file may be another's by then. */
  private close(): void {
    void this.writer?.end();
    closeSync(this.fd);
  }
}

/** Unwatched, then perhaps watched, then closed. */
class OutputPipe {
  private reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  private closed = false;
  private paused = false;
  private wake: (() => void) | undefined;

  constructor(
    private readonly fd: number,
    private readonly pass: (chunk: Uint8Array) => void,
    private readonly ended: () => void,
  ) {
    libc()!.fcntl(fd, F_SETFL, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  /** The process has ended. When a descendant holds the pipe open, what that writes is passed on, too. */
  readRest(): void {
    for (let reads = 0; reads < MAX_READS_AT_END && this.readSome() !== 'nothing'; reads++);
    this.watch();
  }

  /** Reads once, without waiting, unless it is watched. */
  readSome(): 'nothing' | 'some' | 'full' {
    if (this.reader || this.paused || this.closed) return 'nothing';
    const bytes = libc()!.read(this.fd, spare, spare.byteLength);
    if (bytes === 0) this.end();
    if (bytes <= 0) return 'nothing'; // -1: EAGAIN
    this.pass(spare.slice(0, bytes));
    return bytes === spare.byteLength ? 'full' : 'some';
  }

  /** Passes on what comes, until the end. */
  watch(): void {
    if (this.reader || this.closed) return;
    try {
      const reader = bun!.file(this.fd).stream().getReader();
      this.reader = reader;
      void this.readAsItComes(reader);
    } catch {
      // What comes meanwhile is read, too.
      this.readSome();
      setTimeout(() => this.watch(), OPEN_AGAIN_MS);
    }
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.wake?.();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    void this.reader?.cancel();
    closeSync(this.fd);
    this.wake?.();
  }

  private async readAsItComes(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      while (this.paused && !this.closed) await new Promise<void>((resolve) => (this.wake = resolve));
      if (this.closed) return;
      if (done) return this.end();
      this.pass(value);
    }
  }

  private end(): void {
    this.close();
    this.ended();
  }
}

/** With its code always: Bun says `Executable not found in $PATH` for ENOENT. */
function startFailure(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  const message = messageOf(error);
  return code === undefined || message.includes(code) ? message : `${code}: ${message}`;
}

interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

const F_SETFL = 4;
const O_CLOEXEC = 0o2000000;
const pair = new Int32Array(2);

/** Neither Node nor Bun opens a pipe: the C library does. */
function openPipe(): Pipe {
  if (libc()!.pipe2(pair, O_CLOEXEC) !== 0) throw new Error('EMFILE: no pipe can be opened');
  return { readEnd: pair[0]!, writeEnd: pair[1]! };
}

const bun = (globalThis as { Bun?: BunSpawning }).Bun;

interface BunSpawning {
  spawn(argv: readonly string[], options: BunSpawnOptions): { readonly pid: number };
  file(fd: number): { stream(): ReadableStream<Uint8Array>; writer(): BunFileSink };
}

interface BunSpawnOptions {
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  /** In a session of its own (`setsid`). */
  readonly detached: boolean;
  readonly onExit: (process: unknown, code: number | null, signal: string | number | null) => void;
}

interface BunFileSink {
  write(chunk: Uint8Array): number | Promise<number>;
  flush(): number | Promise<number>;
  end(): unknown;
}
