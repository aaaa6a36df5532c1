const WARM_UP_DRAWS = 16;

/** Random numbers that are the same for the same seed and stream (Marsaglia's xorshift128). */
export class SeededRandom {
  private x: number;
  private y: number;
  private z: number;
  private w: number;

  /** @param stream tells apart what must not share its numbers: each function, each purpose. */
  constructor(seed: number, stream = 0) {
    this.x = scramble(seed);
    this.y = scramble(this.x ^ stream);
    this.z = scramble(this.y + 1);
    this.w = scramble(this.z + 1) | 1; // All four must not be 0.
    for (let draw = 0; draw < WARM_UP_DRAWS; draw++) this.next();
  }

  /** Evenly from 0, included, to 1, excluded. */
  next(): number {
    const t = this.x ^ (this.x << 11);
    this.x = this.y;
    this.y = this.z;
    this.z = this.w;
    this.w = this.w ^ (this.w >>> 19) ^ t ^ (t >>> 8);
    return (this.w >>> 0) / 2 ** 32;
  }

  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  /** Of mean 0 and deviation 1. */
  normal(): number {
    return Math.sqrt(this.exponential(2)) * Math.cos(2 * Math.PI * this.next());
  }
}

/** Spreads neighbouring seeds far apart. */
function scramble(value: number): number {
  let mixed = (value ^ 0x5bd1e995) | 0;
  for (let round = 0; round < 3; round++) {
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
    mixed ^= mixed >>> 13;
  }
  return mixed;
}
