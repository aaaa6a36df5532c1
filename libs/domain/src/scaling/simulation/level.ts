import type { Clock } from '../../shared/clock';

/** A number that changes now and then, and what it has been since `begin`. */
export class Level {
  private now = 0;
  private beganMs = 0;
  private changedMs = 0;
  private area = 0;
  private least = 0;
  private most = 0;

  constructor(private readonly clock: Clock) {}

  get value(): number {
    return this.now;
  }

  get min(): number {
    return this.least;
  }

  get max(): number {
    return this.most;
  }

  /** Forgets what was, and goes on from the present value. */
  begin(): void {
    this.beganMs = this.changedMs = this.clock.monotonicMs();
    this.area = 0;
    this.least = this.most = this.now;
  }

  add(difference: number): void {
    this.area = this.total();
    this.changedMs = this.clock.monotonicMs();
    this.now += difference;
    this.least = Math.min(this.least, this.now);
    this.most = Math.max(this.most, this.now);
  }

  /** Value × milliseconds. */
  total(): number {
    return this.area + this.now * (this.clock.monotonicMs() - this.changedMs);
  }

  mean(): number {
    const spanMs = this.clock.monotonicMs() - this.beganMs;
    return spanMs > 0 ? this.total() / spanMs : this.now;
  }
}
