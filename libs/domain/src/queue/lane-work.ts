import { AdaptiveLimit } from './adaptive-limit';
import type { Lane } from './lane';
import { RecentRate } from './recent-rate';

/** What one worker has under way in one lane. */
export class LaneWork {
  readonly limit: AdaptiveLimit;
  readonly rate = new RecentRate();
  /** Whether the queue may have something for this lane. */
  mayHaveMore = false;
  running = 0;
  private taking = false;

  /**
   * @param most that it may have under way in any case.
   * @param fixed whether it may always have so many; else that follows from how calls end.
   */
  constructor(
    readonly lane: Lane,
    private readonly most: number,
    private readonly fixed = false,
  ) {
    this.limit = new AdaptiveLimit(most);
  }

  /** How many more it may take now. */
  get room(): number {
    return (this.fixed ? this.most : Math.min(this.most, this.limit.value)) - this.running;
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

  /** None: there are no more, unless somebody has said otherwise meanwhile. Fewer than asked for says nothing: some may have been cancelled. */
  took(count: number): void {
    this.taking = false;
    this.mayHaveMore ||= count > 0;
  }

  leave(places: number): void {
    this.running -= places;
  }
}
