import type { Lane } from '@shoal/domain/queue/lane';
import { NEW } from './stored-call';
import type { Tables } from './tables';

const AFTER_ALL_RANKS = NEW + 1;

/** The first `most` of a lane, or of those in it that are new. */
export function idsInLane({ lanes }: Tables, lane: Lane, { most, onlyNew = false }: { most: number; onlyNew?: boolean }): readonly string[] {
  const range = { start: onlyNew ? [lane, NEW] : [lane], end: [lane, AFTER_ALL_RANKS], limit: most };
  return [...lanes.getRange(range)].map(({ value }) => value);
}

/** Lanes that have something. Goes from lane to lane, however many calls are in each. */
export function filledLanes({ lanes }: Tables): readonly Lane[] {
  const filled: Lane[] = [];
  for (;;) {
    const last = filled.at(-1);
    const [key] = [...lanes.getKeys({ limit: 1, ...(last ? { start: [last, AFTER_ALL_RANKS] } : {}) })];
    if (!key) return filled;
    filled.push(key[0]);
  }
}

export interface DeadRange {
  readonly functionKey: string | undefined;
  /** Only those behind this one. */
  readonly after: { readonly sinceMs: number; readonly id: string } | undefined;
  readonly most: number;
}

/** Ids of dead letters, the oldest first. */
export function deadIds({ dead, deadOfFunction }: Tables, { functionKey, after, most }: DeadRange): readonly string[] {
  const behind = after ? [after.sinceMs, after.id] : [];
  const range = { limit: most, exclusiveStart: after !== undefined };
  if (functionKey === undefined) return [...dead.getKeys({ ...range, ...(after ? { start: behind } : {}) })].map(([, id]) => id);
  return [...deadOfFunction.getKeys({ ...range, start: [functionKey, ...behind], end: [functionKey, Infinity] })].map(([, , id]) => id);
}
