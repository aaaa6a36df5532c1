/** Ratio of one class to the next: a quantile is right to 1 %. */
const GROWTH = 1.02;
const LOG_GROWTH = Math.log(GROWTH);
/** What is less counts as 0; milliseconds here. */
const LEAST = 0.001;

/** Counts values in classes, so that millions of them take no room. */
export class Quantiles {
  private readonly counts: number[] = [];
  private zeros = 0;
  private total = 0;
  private sum = 0;
  private most = 0;

  get mean(): number {
    return this.total === 0 ? 0 : this.sum / this.total;
  }

  get max(): number {
    return this.most;
  }

  add(value: number): void {
    this.total++;
    this.sum += value;
    if (value > this.most) this.most = value;
    if (value < LEAST) {
      this.zeros++;
      return;
    }
    const place = Math.floor(Math.log(value / LEAST) / LOG_GROWTH);
    while (this.counts.length <= place) this.counts.push(0);
    this.counts[place]!++;
  }

  /** The value below which that part of all values is; 0 when there are none. */
  quantile(part: number): number {
    let left = Math.ceil(part * this.total) - this.zeros;
    if (left <= 0) return 0;
    for (let place = 0; place < this.counts.length; place++) {
      left -= this.counts[place]!;
      if (left <= 0) return Math.min(LEAST * GROWTH ** (place + 0.5), this.most);
    }
    return this.most;
  }
}
