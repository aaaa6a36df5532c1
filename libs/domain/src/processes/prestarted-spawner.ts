import type { Command, ProcessEvents, ProcessSpawner, RunningProcess } from './process-spawner';

/** A process that nobody uses yet. */
interface Waiting {
  readonly process: RunningProcess;
  /** Who uses it; nobody yet. */
  user: ProcessEvents | undefined;
}

/**
 * Keeps some processes of one command started and waiting for their input, so that a call does not wait for a start.
 *
 * Only for commands that do nothing before they have read: one that ends, or writes, while it waits has done a call's work
 * too early. It is killed, no more are started ahead, and `gaveUp` is told why.
 */
export class PrestartedSpawner implements ProcessSpawner {
  private readonly waiting: Waiting[] = [];
  private ahead: number;

  constructor(
    private readonly spawner: ProcessSpawner,
    private readonly command: Command,
    /** How many to keep. */
    count: number,
    private readonly gaveUp: (reason: string) => void,
  ) {
    this.ahead = count;
    this.refill();
  }

  /** `command` must be the one that is kept waiting. */
  start(command: Command, events: ProcessEvents): RunningProcess {
    const next = this.waiting.shift();
    if (!next) return this.spawner.start(command, events);
    next.user = events;
    this.refill();
    return next.process;
  }

  /** Kills those that wait, and starts no more. */
  stop(): void {
    this.ahead = 0;
    for (const { process } of this.waiting.splice(0)) discard(process);
  }

  private refill(): void {
    while (this.waiting.length < this.ahead) this.waiting.push(this.startOne());
  }

  private startOne(): Waiting {
    const early = (what: string) => {
      // Those that were discarded have events too.
      if (!this.waiting.includes(one)) return;
      this.stop();
      this.gaveUp(what);
    };
    const process = this.spawner.start(this.command, {
      stdout: (chunk) => (one.user ? one.user.stdout(chunk) : early('it writes before it has read')),
      stderr: (chunk) => (one.user ? one.user.stderr(chunk) : early('it writes before it has read')),
      outputEnded: () => (one.user ? one.user.outputEnded() : early('it closes its output before it has read')),
      exited: (exit) => (one.user ? one.user.exited(exit) : early('it ends before it has read')),
      failed: (reason) => (one.user ? one.user.failed(reason) : early(reason)),
      drained: () => one.user?.drained(),
    });
    const one: Waiting = { process, user: undefined };
    return one;
  }
}

function discard(process: RunningProcess): void {
  process.kill('SIGKILL');
  process.closeOutput();
}
