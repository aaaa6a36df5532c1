import { AdaptiveLimit } from './adaptive-limit';
import type { Lane } from './lane';
import { RecentRate } from './recent-rate';

const MOST = 1_000;

/** What one worker has under way in one lane. */
export class LaneWork {
  readonly limit: AdaptiveLimit;
  readonly rate = new RecentRate();
  /** Whether the queue may have something for this lane. */
  mayHaveMore = false;
  running = 0;
  private taking = false;

  /** @param concurrency where it is fixed; else it follows from how calls end. */
  constructor(
    readonly lane: Lane,
    private readonly concurrency?: number,
  ) {
    this.limit = new AdaptiveLimit(MOST);
  }

  /** How many more it may take now. */
  get room(): number {
    return (this.concurrency ?? this.limit.value) - this.running;
  }

  get isHungry(): boolean {
    return this.mayHaveMore && !this.taking && this.room > 0;
  }

  get isIdle(): boolean {
    return !this.mayHaveMore && !this.taking && this.running === 0;
  }

  /** Places are kept for what is about to be taken. */
  begin(most: number): void {
    this.taking = true;
    this.mayHaveMore = false;
    this.running += most;
  }

  /** Fewer than asked for: there are no more, unless somebody has said otherwise meanwhile. */
  took(count: number, most: number): void {
    this.taking = false;
    this.mayHaveMore ||= count === most;
  }

  leave(places: number): void {
    this.running -= places;
  }
}
