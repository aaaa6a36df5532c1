import type { SeededRandom } from './seeded-random';

/** When calls come: at random (Poisson), as many as the rate of each second says on average. */
export class Arrivals {
  private atSeconds = 0;

  /** @param shiftSeconds begins there in the trace, and at its end goes on with its beginning. */
  constructor(
    private readonly callsPerSecond: readonly number[],
    private readonly random: SeededRandom,
    private readonly shiftSeconds = 0,
  ) {}

  /** Seconds from the start to the next call; `undefined` when there is none any more. */
  next(): number | undefined {
    const { length } = this.callsPerSecond;
    // Calls that have to be due on average before this one comes.
    let due = this.random.exponential(1);
    for (let second = Math.floor(this.atSeconds); second < length; second++) {
      const rate = this.callsPerSecond[(second + this.shiftSeconds) % length]!;
      const left = rate * (second + 1 - this.atSeconds);
      if (due < left) return (this.atSeconds += due / rate);
      due -= left;
      this.atSeconds = second + 1;
    }
    return undefined;
  }
}
