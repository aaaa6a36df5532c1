/** The weight of an event falls to a third in this time. */
const WINDOW_MS = 20_000;

/** Events per second, those of the last moments counting most. Needs no memory of the single events. */
export class RecentRate {
  private weight = 0;
  private atMs = 0;

  count(nowMs: number): void {
    this.weight = this.weightAt(nowMs) + 1;
    this.atMs = nowMs;
  }

  perSecond(nowMs: number): number {
    return this.weightAt(nowMs) / (WINDOW_MS / 1_000);
  }

  private weightAt(nowMs: number): number {
    return this.weight * Math.exp((this.atMs - nowMs) / WINDOW_MS);
  }
}
