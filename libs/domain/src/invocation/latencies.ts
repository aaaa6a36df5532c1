import { LATENCY_BINS, latencyBin } from './latency-bins';

/** So many are kept by themselves, which takes a tenth of the room of counts. */
const FEW = 16;

/** How long some calls took, to a tenth: each by itself while they are few, then how many fell into each bin. */
export class Latencies {
  private bins: number[] = [];
  private counts: Uint32Array | undefined;

  add(durationMs: number): void {
    const bin = latencyBin(durationMs);
    if (this.counts) this.counts[bin]!++;
    else if (this.bins.push(bin) > FEW) this.countAll();
  }

  /** @param sums of `LATENCY_BINS` bins. */
  addTo(sums: Uint32Array): void {
    for (const bin of this.bins) sums[bin]!++;
    const { counts } = this;
    if (counts) for (let bin = 0; bin < LATENCY_BINS; bin++) sums[bin]! += counts[bin]!;
  }

  private countAll(): void {
    const counts = new Uint32Array(LATENCY_BINS);
    this.addTo(counts);
    this.counts = counts;
    this.bins = [];
  }
}
