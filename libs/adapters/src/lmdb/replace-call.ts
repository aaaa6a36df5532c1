import type { StoredCall } from './stored-call';
import type { Tables } from './tables';

/** What becomes of one call: `before` is absent when it is new, `after` when it is forgotten. */
export interface Change {
  readonly id: string;
  readonly before: StoredCall | undefined;
  readonly after: StoredCall | undefined;
}

/** Writes what becomes of a call, and keeps the indexes in step. Only within a transaction, with `before` as read in it. */
export function replaceCall(tables: Tables, { id, before, after }: Change): void {
  if (before) removeFromIndexes(tables, id, before);
  if (!after) {
    tables.calls.removeSync(id);
    tables.requests.removeSync(id);
    tables.answers.removeSync(id);
    return;
  }
  tables.calls.putSync(id, after);
  addToIndexes(tables, id, after);
  if (after.kept?.as === 'ended') tables.requests.removeSync(id);
}

function removeFromIndexes({ lanes, claims, waiting, ended, dead, deadOfFunction }: Tables, id: string, { record, place, kept }: StoredCall): void {
  if (place?.at === 'lane') lanes.removeSync([place.lane, place.rank, place.sequence]);
  if (place?.at === 'claim') claims.removeSync(id);
  if (place?.at === 'waiting') waiting.removeSync([place.dueMs, id]);
  if (kept?.as === 'ended') ended.removeSync([kept.sinceMs, id]);
  if (kept?.as !== 'dead') return;
  dead.removeSync([kept.sinceMs, id]);
  deadOfFunction.removeSync([record.functionKey, kept.sinceMs, id]);
}

function addToIndexes({ lanes, claims, waiting, ended, dead, deadOfFunction }: Tables, id: string, { record, place, kept }: StoredCall): void {
  if (place?.at === 'lane') lanes.putSync([place.lane, place.rank, place.sequence], id);
  if (place?.at === 'claim') claims.putSync(id, { lane: place.lane, rank: place.rank, sequence: place.sequence });
  if (place?.at === 'waiting') waiting.putSync([place.dueMs, id], place.lane);
  if (kept?.as === 'ended') ended.putSync([kept.sinceMs, id], null);
  if (kept?.as !== 'dead') return;
  dead.putSync([kept.sinceMs, id], null);
  deadOfFunction.putSync([record.functionKey, kept.sinceMs, id], null);
}
