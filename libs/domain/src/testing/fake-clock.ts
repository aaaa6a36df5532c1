import type { Clock, Timer } from '../shared/clock';

/** Stands still until `advance`; then runs what falls due, in order. */
export class FakeClock implements Clock {
  private now = 0;
  private setMs = 0;
  private readonly timers = new Set<{ dueMs: number; action: () => void }>();

  nowMs(): number {
    return this.now + this.setMs;
  }

  monotonicMs(): number {
    return this.now;
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = { dueMs: this.now + delayMs, action };
    this.timers.add(timer);
    return { cancel: () => this.timers.delete(timer) };
  }

  /** Sets the wall clock forward, or back, by so much; no time passes. */
  set(byMs: number): void {
    this.setMs += byMs;
  }

  advance(ms: number): void {
    const endMs = this.now + ms;
    for (;;) {
      const due = [...this.timers].filter((timer) => timer.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (!due) break;
      this.now = Math.max(this.now, due.dueMs);
      this.timers.delete(due);
      due.action();
    }
    this.now = endMs;
  }
}
