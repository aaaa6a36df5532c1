/**
 * The wall clock as if nobody set it back while this process runs: who was told to wait until a time is not to wait for hours more.
 * Forward steps count, once they have been seen. After a step back it is ahead of what is told then; whoever goes by it is early.
 */
export class SteadyClock {
  /** Of the wall clock to one that nobody sets, at its largest. */
  private offsetMs = -Infinity;

  /** Milliseconds since the Unix epoch. */
  nowMs(): number {
    this.look();
    return performance.now() + this.offsetMs;
  }

  /** Sees forward steps. To be done whenever somebody is told to wait until a time. */
  look(): void {
    this.offsetMs = Math.max(this.offsetMs, Date.now() - performance.now());
  }
}
