import type { Lane } from '@shoal/domain/queue/lane';
import type { Position, StoredCall } from './stored-call';

/** One line of an index: the table that it is in, its key, its value. */
export type IndexEntry =
  | readonly ['lanes', readonly [Lane, number, number], string]
  | readonly ['claims', string, Position]
  | readonly ['waiting', readonly [number, string], Lane]
  | readonly ['ended' | 'dead', readonly [number, string], null]
  | readonly ['deadOfFunction', readonly [string, number, string], null];

/** Where a call is listed. */
export function indexEntriesOf(id: string, { record, place, kept }: StoredCall): readonly IndexEntry[] {
  const entries: IndexEntry[] = [];
  if (place?.at === 'lane') entries.push(['lanes', [place.lane, place.rank, place.sequence], id]);
  if (place?.at === 'claim') entries.push(['claims', id, { lane: place.lane, rank: place.rank, sequence: place.sequence }]);
  if (place?.at === 'waiting') entries.push(['waiting', [place.dueMs, id], place.lane]);
  if (kept) entries.push([kept.as, [kept.sinceMs, id], null]);
  if (kept?.as === 'dead') entries.push(['deadOfFunction', [record.functionKey, kept.sinceMs, id], null]);
  return entries;
}
