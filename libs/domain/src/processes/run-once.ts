import type { Clock, Timer } from '../shared/clock';
import type { Command, ProcessExit, ProcessSpawner, RunningProcess } from './process-spawner';

/**
 * How long the answer waits for output that a descendant holds open after the process itself has ended.
 * Output written before the end has arrived long before that.
 */
const OUTPUT_GRACE_MS = 100;

export interface RunOnceOptions {
  readonly command: Command;
  /** 0: no limit. */
  readonly execTimeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly killGraceMs: number;
  /** Output up to this size is held back until the process has ended, so that its exit code can decide the status. */
  readonly heldOutputBytes: number;
  /** Whether what it writes to stderr is output too: in the order of writing where the spawner can, else of arrival. */
  readonly combineOutput: boolean;
}

export interface RunOnceEvents {
  /** Output beyond `heldOutputBytes`; the first chunk begins where the output begins. */
  output(chunk: Uint8Array): void;
  stderr(chunk: Uint8Array): void;
  /** Input can be written again after `write` returned false. */
  drained(): void;
}

export type RunResult =
  /** `held` is all of its output, unless that was more than could be held and went to `output`. */
  | { readonly kind: 'exited'; readonly exit: ProcessExit; readonly held: readonly Uint8Array[] }
  | { readonly kind: 'not-started'; readonly reason: string }
  /** It overran `execTimeoutMs`. It is being killed: `RunOnce.gone` tells when that is done. */
  | { readonly kind: 'timed-out' }
  /** `stop` was called. */
  | { readonly kind: 'stopped' };

/**
 * One process for one request: the watchdog's forking modes.
 *
 * It runs; then it ends by itself, overruns its time, or is stopped. In each case `result` settles at once, the whole
 * process group gets SIGTERM (unless the process ended by itself) and then SIGKILL, and `gone` resolves when that is done.
 */
export class RunOnce {
  readonly result: Promise<RunResult>;
  readonly gone: Promise<void>;
  private readonly process: RunningProcess;
  private settle!: (result: RunResult) => void;
  private markGone!: () => void;
  private settled = false;
  private exit: ProcessExit | undefined;
  private outputEnded = false;
  private ending = false;
  private held: Uint8Array[] | undefined = [];
  private heldBytes = 0;
  private execTimer: Timer | undefined;
  private endTimer: Timer | undefined;

  constructor(
    spawner: ProcessSpawner,
    private readonly clock: Clock,
    private readonly options: RunOnceOptions,
    private readonly events: RunOnceEvents,
  ) {
    this.result = new Promise((resolve) => (this.settle = resolve));
    this.gone = new Promise((resolve) => (this.markGone = resolve));
    this.process = spawner.start({ ...options.command, mergeStderr: options.combineOutput }, {
      stdout: (chunk) => this.hold(chunk),
      stderr: (chunk) => (options.combineOutput ? this.hold(chunk) : events.stderr(chunk)),
      drained: () => events.drained(),
      outputEnded: () => {
        this.outputEnded = true;
        if (this.exit) this.finish();
      },
      exited: (exit) => this.onExit(exit),
      failed: (reason) => {
        this.finishWith({ kind: 'not-started', reason });
        this.end();
      },
    });
    if (options.execTimeoutMs > 0) {
      this.execTimer = clock.after(options.execTimeoutMs, () => this.terminate({ kind: 'timed-out' }));
    }
  }

  /** False asks to wait for `drained`. */
  write(chunk: Uint8Array): boolean {
    return this.process.write(chunk);
  }

  endInput(): void {
    this.process.endInput();
  }

  pauseOutput(): void {
    this.process.pauseOutput();
  }

  resumeOutput(): void {
    this.process.resumeOutput();
  }

  /** Nobody wants the answer any more: kills the group. */
  stop(): void {
    this.terminate({ kind: 'stopped' });
  }

  private onExit(exit: ProcessExit): void {
    this.exit = exit;
    if (this.settled) return this.end();
    if (this.outputEnded) return this.finish();
    this.endTimer = this.clock.after(OUTPUT_GRACE_MS, () => this.finish());
  }

  private finish(): void {
    if (this.settled) return;
    this.finishWith({ kind: 'exited', exit: this.exit!, held: this.held ?? [] });
    this.end();
  }

  private terminate(result: RunResult): void {
    if (this.settled) return;
    this.finishWith(result);
    this.process.kill('SIGTERM');
    this.endTimer?.cancel();
    this.endTimer = this.clock.after(this.options.killGraceMs, () => this.end());
  }

  private finishWith(result: RunResult): void {
    this.settled = true;
    this.execTimer?.cancel();
    this.settle(result);
  }

  /** The last act, whatever happened: nothing of the group goes on. */
  private end(): void {
    if (this.ending) return;
    this.ending = true;
    this.endTimer?.cancel();
    this.process.kill('SIGKILL');
    this.process.closeOutput();
    this.markGone();
  }

  private hold(chunk: Uint8Array): void {
    if (this.settled) return;
    if (this.held && this.heldBytes + chunk.byteLength <= this.options.heldOutputBytes) {
      this.held.push(chunk);
      this.heldBytes += chunk.byteLength;
      return;
    }
    const before = this.held ?? [];
    this.held = undefined;
    for (const earlier of before) this.events.output(earlier);
    this.events.output(chunk);
  }
}
