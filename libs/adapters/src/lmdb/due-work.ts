import type { Clock, Timer } from '@shoal/domain/shared/clock';

/** The clock is looked at again after so long, also when nothing is due by then: it may have been set. */
const MAX_WAIT_MS = 10_000;
/** What failed is tried again after so long. */
const PAUSE_MS = 1_000;

export interface DueWorkOptions {
  readonly clock: Clock;
  /** Does what is due, and resolves with when there is more, or `undefined`. Not called while it runs. */
  readonly work: () => Promise<number | undefined>;
  /** Told when `work` begins to fail, and not again until it has succeeded. */
  readonly failed: (error: unknown) => void;
}

/** Does work when it falls due. One timer at a time, for the earliest. */
export class DueWork {
  private dueMs = Infinity;
  private timer: Timer | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;
  private failing = false;

  constructor(private readonly options: DueWorkOptions) {}

  /** There is something to do at `atMs`, or earlier. */
  at(atMs: number): void {
    if (atMs >= this.dueMs) return;
    this.dueMs = atMs;
    if (!this.running) this.wait();
  }

  /** Resolves when nothing runs any more, and nothing will. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.running;
  }

  private wait(): void {
    this.timer?.cancel();
    if (this.stopped || this.dueMs === Infinity) return;
    const { clock } = this.options;
    const waitMs = Math.min(Math.max(0, this.dueMs - clock.nowMs()), MAX_WAIT_MS);
    this.timer = clock.after(waitMs, () => (this.dueMs <= clock.nowMs() ? this.run() : this.wait()));
  }

  private run(): void {
    this.dueMs = Infinity;
    this.running = this.work().finally(() => {
      this.running = undefined;
      this.wait();
    });
  }

  private async work(): Promise<void> {
    const { clock, work, failed } = this.options;
    try {
      const nextMs = await work();
      this.failing = false;
      this.dueMs = Math.min(this.dueMs, nextMs ?? Infinity);
    } catch (error) {
      if (!this.failing) failed(error);
      this.failing = true;
      this.dueMs = clock.nowMs() + PAUSE_MS;
    }
  }
}
