import type { Clock, Timer } from '../shared/clock';
import { messageOf } from '../shared/errors';
import { formatDuration } from '../shared/duration';
import { describeOutOfMemory } from './out-of-memory';
import type { Command, ProcessExit, ProcessSpawner, RunningProcess } from './process-spawner';

const PROBE_INTERVAL_MS = 15;
const OUTPUT_GRACE_MS = 100;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;
/** A process that ran this long has recovered: its next restart is quick again. */
const RECOVERED_AFTER_MS = 10_000;

/** Why a process is started again. */
export type RestartReason = 'exited' | 'killed' | 'out-of-memory' | 'not-started' | 'not-ready-in-time' | 'replaced';

/** A command, and how to see whether it takes calls by now. */
export interface Startable {
  readonly command: Command;
  probe(): Promise<boolean>;
  /** Said when `probe` never succeeded: what the process should have done. */
  readonly expectation: string;
}

export interface KeepRunningOptions {
  /** Called before each start: a port may differ from one to the next. */
  next(): Promise<Startable>;
  readonly startTimeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly killGraceMs: number;
  stdout(chunk: Uint8Array): void;
  stderr(chunk: Uint8Array): void;
  /** Called whenever `ready` or `failure` may have changed. */
  changed(): void;
  /** Called when the process is to be started again. */
  restarting(reason: RestartReason): void;
}

/**
 * A process that is kept running: the watchdog's `http` mode.
 *
 * starting → ready, when the probe succeeds. From both → waiting, when the process ends or is not ready in time; with
 * each failure in a row the wait doubles. waiting → starting. From any → stopped, for good, by `stop`.
 */
export class KeepRunning {
  private state: 'starting' | 'ready' | 'waiting' | 'stopped' = 'starting';
  private current: { process: RunningProcess; ended: Promise<void>; readyMs?: number } | undefined;
  private timer: Timer | undefined;
  private failures = 0;
  private lastFailure: string | undefined;

  constructor(
    private readonly spawner: ProcessSpawner,
    private readonly clock: Clock,
    private readonly options: KeepRunningOptions,
  ) {
    void this.start();
  }

  get ready(): boolean {
    return this.state === 'ready';
  }

  /** Why it is not ready, when that is because its process has failed since it was last ready. */
  get failure(): string | undefined {
    return this.lastFailure;
  }

  /** Kills the process group and starts anew at once. Resolves when the old group is dead. */
  async replace(): Promise<void> {
    if (this.state === 'stopped') return;
    this.timer?.cancel();
    const old = this.current;
    this.current = undefined;
    this.state = 'starting';
    this.options.restarting('replaced');
    this.options.changed();
    await this.end(old);
    if (this.state === 'starting' && !this.current) await this.start();
  }

  /** Ends the process group for good. Resolves when it is dead. */
  async stop(): Promise<void> {
    this.state = 'stopped';
    this.timer?.cancel();
    const old = this.current;
    this.current = undefined;
    await this.end(old);
  }

  private async start(): Promise<void> {
    this.state = 'starting';
    let startable: Startable;
    try {
      startable = await this.options.next();
    } catch (error) {
      if (this.state === 'starting' && !this.current) this.failed('not-started', messageOf(error));
      return;
    }
    if (this.state !== 'starting') return;
    const { promise: ended, resolve: markEnded } = deferred();
    const process = this.spawner.start(startable.command, {
      stdout: (chunk) => this.options.stdout(chunk),
      stderr: (chunk) => this.options.stderr(chunk),
      outputEnded: () => undefined,
      drained: () => undefined,
      exited: (exit) => {
        process.kill('SIGKILL');
        // Its last words, often the reason, are still on their way.
        this.clock.after(OUTPUT_GRACE_MS, () => process.closeOutput());
        markEnded();
        if (this.current === run) this.failed(reasonOf(exit), describeExit(exit));
      },
      failed: (reason) => {
        markEnded();
        if (this.current === run) this.failed('not-started', reason);
      },
    });
    process.endInput();
    const run: NonNullable<typeof this.current> = { process, ended };
    this.current = run;
    const deadlineMs = this.clock.monotonicMs() + this.options.startTimeoutMs;
    const look = async (): Promise<void> => {
      const ready = await startable.probe();
      if (this.current !== run || this.state !== 'starting') return;
      if (ready) {
        run.readyMs = this.clock.monotonicMs();
        this.state = 'ready';
        this.lastFailure = undefined;
        this.options.changed();
      } else if (this.clock.monotonicMs() >= deadlineMs) {
        this.failed('not-ready-in-time', `did not ${startable.expectation} within ${formatDuration(this.options.startTimeoutMs)}`);
      } else {
        this.timer = this.clock.after(PROBE_INTERVAL_MS, () => void look());
      }
    };
    void look();
  }

  private failed(reason: RestartReason, failure: string): void {
    const run = this.current;
    this.current = undefined;
    this.timer?.cancel();
    void this.end(run);
    const recovered = run?.readyMs !== undefined && this.clock.monotonicMs() - run.readyMs > RECOVERED_AFTER_MS;
    this.failures = recovered ? 1 : this.failures + 1;
    this.lastFailure = failure;
    this.state = 'waiting';
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (this.failures - 1), MAX_BACKOFF_MS);
    this.timer = this.clock.after(backoffMs, () => void this.start());
    this.options.restarting(reason);
    this.options.changed();
  }

  private async end(run: typeof this.current): Promise<void> {
    if (!run) return;
    run.process.kill('SIGTERM');
    const timer = this.clock.after(this.options.killGraceMs, () => run.process.kill('SIGKILL'));
    await run.ended;
    timer.cancel();
  }
}

/** `exited with code 1`, `was killed by SIGSEGV`, `ran out of memory (limit 64 MiB)`. */
function describeExit(exit: ProcessExit): string {
  if (exit.outOfMemory) return describeOutOfMemory(exit.outOfMemory);
  return exit.signal === undefined ? `exited with code ${exit.code}` : `was killed by ${exit.signal}`;
}

function reasonOf(exit: ProcessExit): RestartReason {
  if (exit.outOfMemory) return 'out-of-memory';
  return exit.signal === undefined ? 'exited' : 'killed';
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
