import { fork, type ChildProcess } from 'node:child_process';
import type { Clock } from '@shoal/domain/shared/clock';
import { messageOf } from '@shoal/domain/shared/errors';
import { ALIVE_MS, isFromHost, type FromHost, type ToHost } from './host-protocol';

const FIRST_RESTART_MS = 50;
const MAX_RESTART_MS = 5_000;
const STOP_TIMEOUT_MS = 5_000;
/** A host that says nothing for so long does nothing any more. One that starts many processes at a time may be silent for seconds. */
const SILENT_MS = 30_000;
/** A look that comes so late: it is we who did nothing. */
const LATE_MS = 1_000;

export interface FunctionHostOptions {
  /** The watchdog's program file. */
  readonly script: string;
  /** `NAME=value` in the environment of all that the host starts, by which leftovers of a dead host are found. */
  readonly mark: string;
  /** Kills all processes with that mark. */
  readonly killMarked: (mark: string) => void;
  readonly clock: Clock;
  /** A host is up: `baseUrl` is where its replicas live. Called again after each restart. */
  listening(baseUrl: string): void;
  state(message: Extract<FromHost, { type: 'state' }>): void;
  /** All that ran of a function that was removed has ended. */
  removed(key: string): void;
  /** Told what somebody should know who runs this. */
  warn(text: string): void;
  /** The host has died; what it ran is dead, and another is about to be started. */
  lost(reason: string): void;
}

/** The one child process in which all local functions run. It is kept running until `stop`. */
export class FunctionHostProcess {
  private child: ChildProcess | undefined;
  private stopping = false;
  private restarts = 0;
  private heardMs = 0;
  /** Said of its end, when it is we who ended it. */
  private endedBecause: string | undefined;

  constructor(private readonly options: FunctionHostOptions) {}

  /** Resolves when the host listens. Rejects when it ends before that. */
  start(): Promise<void> {
    this.killLeftovers();
    return new Promise((resolve, reject) => {
      const notStarted = (error: Error) => {
        reject(error);
        this.onExit(messageOf(error));
      };
      let child: ChildProcess;
      try {
        child = this.fork();
      } catch (error) {
        // What is no matter of the file or of descriptors (no memory, too long an environment) is thrown.
        return notStarted(error as Error);
      }
      this.child = child;
      this.heardMs = this.options.clock.monotonicMs();
      this.lookWhetherItLives(child);
      let told = false;
      child.on('message', (message) => {
        if (isFromHost(message)) {
          this.onMessage(message);
          if (message.type === 'listening') resolve();
        } else if (!told) {
          // What it says else is still true; to end it would be to end all calls.
          told = true;
          this.options.warn(`the function host (process ${child.pid}) says what nobody understands: that is passed over`);
        }
      });
      child.on('error', (error) => {
        if (child.pid === undefined) notStarted(error);
      });
      child.on('exit', (code, signal) => {
        reject(new Error(`the function host ended at once (${signal ?? `code ${code}`})`));
        this.onExit(signal ?? `code ${code}`);
      });
    });
  }

  /** @returns whether there is anybody to tell it to. While there is not, nothing of any function runs. */
  send(message: ToHost): boolean {
    if (!this.child?.connected) return false;
    this.child.send(message);
    return true;
  }

  /** Ends the host and all that it runs. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return this.killLeftovers();
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const timer = this.options.clock.after(STOP_TIMEOUT_MS, () => child.kill('SIGKILL'));
    child.disconnect();
    await ended;
    timer.cancel();
    this.killLeftovers();
  }

  private fork(): ChildProcess {
    return fork(this.options.script, ['-host'], {
      // Its own group: Ctrl-C must not reach it before the calls in flight have ended.
      detached: true,
      execArgv: ['--max-semi-space-size=1'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  private onMessage(message: FromHost): void {
    this.heardMs = this.options.clock.monotonicMs();
    if (message.type === 'alive') return;
    if (message.type === 'state') return this.options.state(message);
    if (message.type === 'removed') return this.options.removed(message.key);
    this.restarts = 0;
    this.options.listening(`http://127.0.0.1:${message.port}/${message.token}`);
  }

  private onExit(how: string): void {
    if (this.stopping) return;
    this.killLeftovers();
    this.options.lost(`the function host ended (${this.endedBecause ?? how})`);
    this.endedBecause = undefined;
    const delayMs = Math.min(FIRST_RESTART_MS * 2 ** this.restarts++, MAX_RESTART_MS);
    this.options.clock.after(delayMs, () => {
      // A failed start ends in `onExit` again, which tries anew.
      if (!this.stopping) this.start().catch(() => undefined);
    });
  }

  /** Until it has ended. */
  private lookWhetherItLives(child: ChildProcess): void {
    const { clock } = this.options;
    const lookedMs = clock.monotonicMs();
    clock.after(ALIVE_MS, () => {
      if (this.stopping || this.child !== child || child.exitCode !== null || child.signalCode !== null) return;
      const nowMs = clock.monotonicMs();
      // What it said meanwhile has not been read yet.
      if (nowMs - lookedMs > ALIVE_MS + LATE_MS) this.heardMs = nowMs;
      if (nowMs - this.heardMs < SILENT_MS) return this.lookWhetherItLives(child);
      this.endedBecause = `it had said nothing for ${SILENT_MS / 1_000} s`;
      child.kill('SIGKILL');
    });
  }

  private killLeftovers(): void {
    this.options.killMarked(this.options.mark);
  }
}
