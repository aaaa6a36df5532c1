/** Each bin reaches so many times as far as the one before, which bounds the error of a quantile to a tenth. */
const RATIO = 1.1;
/** The first bin ends here: what is quicker is all the same. */
const FIRST_MS = 0.25;
const BINS_PER_E = 1 / Math.log(RATIO);

/** The last one begins at about a quarter of an hour, and has all that took longer. */
export const LATENCY_BINS = 160;

/** In which bin a call of that length is counted. */
export function latencyBin(durationMs: number): number {
  if (!(durationMs > FIRST_MS)) return 0;
  return Math.min(LATENCY_BINS - 1, 1 + Math.floor(Math.log(durationMs / FIRST_MS) * BINS_PER_E));
}

/**
 * The length that a part `quantile` (0 to 1) of the calls did not exceed, interpolated within its bin: at most a tenth
 * off, in milliseconds. `undefined` without calls.
 *
 * @param counts of `LATENCY_BINS` bins.
 */
export function latencyQuantileMs(counts: ArrayLike<number>, quantile: number): number | undefined {
  const place = latencyQuantile(counts, quantile);
  return place === undefined ? undefined : latencyMsAt(place);
}

/** The same as its place among the bins: the number of the bin, and which part of it (more than 0, at most 1). */
export function latencyQuantile(counts: ArrayLike<number>, quantile: number): number | undefined {
  let total = 0;
  for (let bin = 0; bin < LATENCY_BINS; bin++) total += counts[bin]!;
  if (total === 0) return undefined;
  const rank = Math.max(quantile * total, Number.MIN_VALUE);
  let before = 0;
  let bin = 0;
  while (bin < LATENCY_BINS - 1 && before + counts[bin]! < rank) before += counts[bin++]!;
  return bin + (rank - before) / counts[bin]!;
}

/** In milliseconds. */
export function latencyMsAt(place: number): number {
  return place <= 1 ? FIRST_MS * place : FIRST_MS * RATIO ** (place - 1);
}
