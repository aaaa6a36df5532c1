import { fork, type ChildProcess } from 'node:child_process';
import type { Clock } from '@shoal/domain/shared/clock';
import type { FromHost, ToHost } from './host-protocol';

const FIRST_RESTART_MS = 50;
const MAX_RESTART_MS = 5_000;
const STOP_TIMEOUT_MS = 5_000;

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
  /** The host has died; what it ran is dead, and another is about to be started. */
  lost(reason: string): void;
}

/** The one child process in which all local functions run. It is kept running until `stop`. */
export class FunctionHostProcess {
  private child: ChildProcess | undefined;
  private stopping = false;
  private restarts = 0;

  constructor(private readonly options: FunctionHostOptions) {}

  /** Resolves when the host listens. Rejects when it ends before that. */
  start(): Promise<void> {
    this.killLeftovers();
    return new Promise((resolve, reject) => {
      const child = fork(this.options.script, ['-host'], {
        // Its own group: Ctrl-C must not reach it before the calls in flight have ended.
        detached: true,
        execArgv: ['--max-semi-space-size=1'],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      this.child = child;
      child.on('message', (message) => {
        this.onMessage(message as FromHost);
        if ((message as FromHost).type === 'listening') resolve();
      });
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        reject(new Error(`the function host ended at once (${signal ?? `code ${code}`})`));
        this.onExit(signal ?? `code ${code}`);
      });
    });
  }

  send(message: ToHost): void {
    if (this.child?.connected) this.child.send(message);
  }

  /** Ends the host and all that it runs. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const timer = this.options.clock.after(STOP_TIMEOUT_MS, () => child.kill('SIGKILL'));
    child.disconnect();
    await ended;
    timer.cancel();
    this.killLeftovers();
  }

  private onMessage(message: FromHost): void {
    if (message.type === 'state') return this.options.state(message);
    this.restarts = 0;
    this.options.listening(`http://127.0.0.1:${message.port}/${message.token}`);
  }

  private onExit(how: string): void {
    if (this.stopping) return;
    this.killLeftovers();
    this.options.lost(`the function host ended (${how})`);
    const delayMs = Math.min(FIRST_RESTART_MS * 2 ** this.restarts++, MAX_RESTART_MS);
    this.options.clock.after(delayMs, () => {
      // A failed start ends in `onExit` again, which tries anew.
      if (!this.stopping) this.start().catch(() => undefined);
    });
  }

  private killLeftovers(): void {
    this.options.killMarked(this.options.mark);
  }
}
