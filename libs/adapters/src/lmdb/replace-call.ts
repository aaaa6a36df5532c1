import type { Database, Key } from 'lmdb';
import { indexEntriesOf } from './index-entries';
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
  if (before) for (const [table, key] of indexEntriesOf(id, before)) (tables[table] as Database<unknown, Key>).removeSync(key as Key);
  if (!after) {
    tables.calls.removeSync(id);
    tables.requests.removeSync(id);
    tables.answers.removeSync(id);
    return;
  }
  tables.calls.putSync(id, after);
  for (const [table, key, value] of indexEntriesOf(id, after)) (tables[table] as Database<unknown, Key>).putSync(key as Key, value);
  if (after.kept?.as === 'ended') tables.requests.removeSync(id);
}
