import type { FunctionLoad } from './metrics-source';

/** In so long those who wait should have had their turn. */
const BACKLOG_MS = 1_000;

/**
 * Calls at a time for which there has to be room. A call that runs counts as one. One that waits counts as much as it needs of
 * a replica's time while the backlog is worked off: a thousand calls of 5 ms that wait are gone with five at a time, and are
 * no reason for a thousand. While nobody knows how long a call takes, all that are here count.
 */
export function demandOf({ callsPerSecond, concurrency, waiting, serviceMs, running = 0 }: FunctionLoad): number {
  if (serviceMs === undefined) return concurrency;
  // By Little's law; but those that run and have not ended yet are not in the mean of those that have.
  const busy = Math.max((callsPerSecond * serviceMs) / 1_000, running);
  return Math.min(concurrency, busy + waiting * Math.min(1, serviceMs / BACKLOG_MS));
}
