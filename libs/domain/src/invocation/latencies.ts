import { LATENCY_BINS, latencyBin } from './latency-bins';

/** So many are kept by themselves; a string that grows to more takes more room than counts, for as long as it grows. */
const FEW = 32;
/** As long a string takes the room of counts. */
const MANY = 768;

/**
 * How long some calls took, to a tenth: while they are few, the bin of each, as a character of a string, which takes a
 * byte; then how many fell into each bin.
 */
export type Latencies = string | Uint32Array;

export const NO_LATENCIES: Latencies = '';

/** `latencies` with one more, which may be the same object. */
export function withLatency(latencies: Latencies, durationMs: number): Latencies {
  const bin = latencyBin(durationMs);
  if (typeof latencies === 'string') {
    if (latencies.length < FEW) return latencies + String.fromCharCode(bin);
    const counts = new Uint32Array(LATENCY_BINS);
    addLatencies(counts, latencies);
    latencies = counts;
  }
  latencies[bin]!++;
  return latencies;
}

/** @param sums of `LATENCY_BINS` bins; those of `latencies` are added to them. */
export function addLatencies(sums: Uint32Array, latencies: Latencies): void {
  if (typeof latencies === 'string') {
    for (let i = 0; i < latencies.length; i++) sums[latencies.charCodeAt(i)]!++;
  } else {
    for (let bin = 0; bin < LATENCY_BINS; bin++) sums[bin]! += latencies[bin]!;
  }
}

/** The same in the least room, for those that get no more. */
export function settled(latencies: Latencies): Latencies {
  if (typeof latencies === 'string' || latencies.reduce((sum, count) => sum + count) > MANY) return latencies;
  return Array.from(latencies, (count, bin) => String.fromCharCode(bin).repeat(count)).join('');
}
