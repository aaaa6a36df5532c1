const START = 10;
/** One overload lets several calls fail, of those that were under way together: they are one reason to go down. */
const PAUSE_MS = 1_000;

/**
 * How many calls a function is given at a time: more while it takes them, half as many when it has no room. Doubles with each
 * round until the first refusal, then grows by one a round, so that it stays near what the function can take.
 */
export class AdaptiveLimit {
  private limit: number;
  private refusedBefore = false;
  private heldUntilMs = -Infinity;

  constructor(private most: number) {
    this.limit = Math.min(START, most);
  }

  /** A whole number, 1 or more. */
  get value(): number {
    return Math.floor(this.limit);
  }

  /** The most that it may ever be; what a later deployment says counts. */
  set max(most: number) {
    this.most = most;
    this.limit = Math.min(this.limit, most);
  }

  /** A call was taken; `full` says whether as many were under way as may be. */
  taken(full: boolean): void {
    if (!full) return;
    this.limit = Math.min(this.most, this.limit + (this.refusedBefore ? 1 / this.limit : 1));
  }

  /** There was no room for one. */
  refused(nowMs: number): void {
    this.refusedBefore = true;
    if (nowMs < this.heldUntilMs) return;
    this.heldUntilMs = nowMs + PAUSE_MS;
    this.limit = Math.max(1, this.limit / 2);
  }
}
