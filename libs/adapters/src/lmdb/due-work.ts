import type { Clock, Timer } from '@shoal/domain/shared/clock';

/** The clock is looked at again after so long, also when nothing is due by then: it may have been set. */
const MAX_WAIT_MS = 10_000;
/** A clock that goes back by less is one that is being adjusted. */
const SET_BACK_MS = 1_000;
/** What failed is tried again after so long. */
const PAUSE_MS = 1_000;

export interface DueWorkOptions {
  readonly clock: Clock;
  /** Does what is due, and resolves with when there is more, or `undefined`. Not called while it runs. */
  readonly work: () => Promise<number | undefined>;
  /**
   * The clock was set back by so much, and what was due is due that much earlier: called ahead of `work`. When it fails it is
   * called with the same again, until it has succeeded, and has to go on where it was.
   */
  readonly setBack?: (byMs: number) => Promise<void>;
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
  /** Of the wall clock to one that nobody sets. */
  private offsetMs: number;
  /** What has not been told to `setBack` yet. */
  private backMs = 0;
  /** What `setBack` has been told, and has not done yet. */
  private tellingMs = 0;

  constructor(private readonly options: DueWorkOptions) {
    this.offsetMs = this.offset();
  }

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
    this.timer = clock.after(waitMs, () => {
      this.lookAtClock();
      if (this.dueMs <= clock.nowMs()) this.run();
      else this.wait();
    });
  }

  private offset(): number {
    return this.options.clock.nowMs() - this.options.clock.monotonicMs();
  }

  private lookAtClock(): void {
    const backMs = this.offsetMs - this.offset();
    this.offsetMs -= backMs;
    if (backMs < SET_BACK_MS || !this.options.setBack) return;
    this.backMs += backMs;
    this.dueMs = -Infinity; // So that it is done now, and the rest found out anew.
  }

  private run(): void {
    this.dueMs = Infinity;
    this.running = this.work().finally(() => {
      this.running = undefined;
      this.wait();
    });
  }

  private async work(): Promise<void> {
    const { clock, work, setBack, failed } = this.options;
    try {
      while (this.tellingMs + this.backMs > 0) {
        if (this.tellingMs === 0) [this.tellingMs, this.backMs] = [this.backMs, 0];
        await setBack?.(this.tellingMs);
        this.tellingMs = 0;
      }
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
