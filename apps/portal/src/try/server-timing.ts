/** Where the time of a call went. */
export interface TimePart {
  readonly name: 'queue' | 'wake' | 'exec' | 'gateway' | 'network';
  readonly ms: number;
}

const NAMES = ['queue', 'wake', 'exec', 'gateway'] as const;

/**
 * The gateway's receipt, and what is left of the measured time as `network`.
 *
 * @param header `Server-Timing`; a function may have put entries of its own before or behind ours.
 * @returns nothing when the receipt is not whole, as in an answer that did not come from a gateway.
 */
export function timeParts(header: string | undefined, elapsedMs: number): TimePart[] {
  const told = (header ?? '').split(',').map((entry) => /^\s*([\w-]+)\s*;\s*dur=([\d.]+)\s*$/.exec(entry));
  const parts = NAMES.map((name) => ({ name, ms: Number(told.findLast((entry) => entry?.[1] === name)?.[2]) }));
  if (!parts.every(({ ms }) => Number.isFinite(ms))) return [];
  const sum = parts.reduce((total, { ms }) => total + ms, 0);
  return [...parts, { name: 'network', ms: Math.max(0, elapsedMs - sum) }];
}
