import { existsSync, linkSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canReadPages, PageFile, type Snapshot } from './page-file';
import { countTables } from './queue-counts';
import { readStore, type StoreReading } from './read-store';
import { replaceCall } from './replace-call';
import { recoveredCall, unreadableCall } from './stored-call';
import { canBeKey, LAYOUT, openTables, STORE_FILE, type Tables } from './tables';

const MENDED_FILE = `${STORE_FILE}.mended`;
/** A new file may need that much more than the old one. */
const SPARE_BYTES = 4 * 1024 * 1024;
/** Written together. */
const BATCH_BYTES = 8 * 1024 * 1024;
const RECORD_BYTES = 500;

export interface MendingOptions {
  readonly nowMs: number;
  readonly warn: (text: string) => void;
}

/**
 * To be called before the folder's file is opened. Looks whether it is as it was written, down to each record. Where it is not,
 * all that can be read goes into a new file in its place; the damaged one stays beside it, and `warn` is told.
 *
 * Rejects with a plain error that says what to do when nothing can be read.
 */
export async function mendStore(folder: string, { nowMs, warn }: MendingOptions): Promise<void> {
  const path = join(folder, STORE_FILE);
  if (!canReadPages || !existsSync(path)) return;
  const { size } = statSync(path);
  if (size === 0) return warn(`${path} was empty, and was begun anew: if there were calls in it, they are lost`);
  const chosen = PageFile.read(path, choose);
  if (chosen === 'sound') return;
  if (chosen === 'none') throw new Error(`nothing can be read from ${path}: put a copy of it in its place, or move it away to begin with an empty queue`);
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < size + SPARE_BYTES) throw new Error(`${path} is damaged, and what can be read of it needs ${size + SPARE_BYTES} bytes more on that disk: make room, and start again`);
  const counts = await copyStore(folder, chosen, nowMs);
  const kept = `${path}.damaged-${new Date(nowMs).toISOString().replaceAll(':', '-')}`;
  // At no moment is there none of that name.
  linkSync(path, kept);
  renameSync(join(folder, MENDED_FILE), path);
  removeStore(join(folder, MENDED_FILE));
  warn(report({ path, kept, chosen, counts }));
}

interface Chosen {
  readonly snapshot: Snapshot;
  readonly reading: StoreReading;
}

/** The newest snapshot that is as it was written; else the newest one. Whether the last commit is in it nobody can say then. */
function choose(file: PageFile): 'sound' | 'none' | Chosen {
  const readings = file.snapshots.map((snapshot) => () => ({ snapshot, reading: readStore(file, snapshot, () => undefined) }));
  const newest = readings[0]?.();
  if (!newest) return 'none';
  const { layout, sound } = newest.reading;
  // Of another version: whoever opens it knows what to do.
  if (layout !== undefined && layout !== LAYOUT) return 'sound';
  if (sound) return file.snapshotsAgree ? 'sound' : newest;
  const other = readings[1]?.();
  return other?.reading.sound ? other : newest;
}

/** Puts all that can be read into a new file. */
async function copyStore(folder: string, { snapshot, reading: { secret } }: Chosen, nowMs: number): Promise<MendedCounts> {
  removeStore(join(folder, MENDED_FILE));
  const tables = openTables(folder, { file: MENDED_FILE, ...(secret === undefined ? {} : { secret }) });
  try {
    PageFile.read(join(folder, STORE_FILE), (file) => copyRecords(file, snapshot, tables));
    return reconcile(tables, nowMs);
  } finally {
    await tables.root.close();
  }
}

function copyRecords(file: PageFile, snapshot: Snapshot, tables: Tables): void {
  let batch: (() => void)[] = [];
  let bytes = 0;
  const flush = () => {
    tables.root.transactionSync(() => batch.forEach((put) => put()));
    [batch, bytes] = [[], 0];
  };
  readStore(file, snapshot, ({ kind, key, value }) => {
    if (!canBeKey(key)) return;
    batch.push(() => {
      if (kind === 'calls') replaceCall(tables, { id: key, before: tables.calls.get(key), after: value });
      else if (kind === 'requests') tables.requests.putSync(key, value);
      else if (kind === 'answers') tables.answers.putSync(key, value);
      else tables.schedules.putSync(key, value);
    });
    bytes += RECORD_BYTES + ('body' in value ? (value.body?.byteLength ?? 0) : 0);
    if (bytes > BATCH_BYTES) flush();
  });
  flush();
}

interface MendedCounts {
  readonly calls: number;
  /** Of `calls`, those that have lost their request, and those of which it is all there was. */
  readonly unreadable: number;
  readonly recovered: number;
}

/** Sees to calls of which only a part could be read. */
function reconcile(tables: Tables, nowMs: number): MendedCounts {
  const { calls, requests, answers } = tables;
  let sequence = countTables(tables).lastSequence;
  const unreadable = [...calls.getRange()].filter(({ key, value }) => (value.place || value.kept?.as === 'dead') && !requests.doesExist(key));
  const recovered = [...requests.getKeys()].filter((id) => !calls.doesExist(id));
  const forgotten = [...answers.getKeys()].filter((id) => !calls.doesExist(id));
  tables.root.transactionSync(() => {
    for (const { key: id, value: before } of unreadable) replaceCall(tables, { id, before, after: unreadableCall(before, nowMs) });
    for (const id of recovered) replaceCall(tables, { id, before: undefined, after: recoveredCall(requests.get(id)!, ++sequence) });
    for (const id of forgotten) answers.removeSync(id);
  });
  return { calls: calls.getCount(), unreadable: unreadable.length, recovered: recovered.length };
}

interface Report {
  readonly path: string;
  readonly kept: string;
  readonly chosen: Chosen;
  readonly counts: MendedCounts;
}

function report({ path, kept, chosen: { reading }, counts: { calls, unreadable, recovered } }: Report): string {
  const lost = reading.calls === undefined ? 'and nobody can say how many more there were' : `of ${Math.max(reading.calls, calls)}`;
  const parts = [
    `${path} was damaged: ${calls} calls could be read, ${lost}`,
    ...(unreadable > 0 ? [`${unreadable} of them have failed, because their requests are damaged`] : []),
    ...(reading.secret === undefined ? ['an Idempotency-Key from before is taken for a new one'] : []),
    ...(recovered > 0 ? [`${recovered} of them may run again, because nothing but their requests is left`] : []),
    'what was changed last may be missing',
    `the damaged file is kept as ${kept}: delete it when you do not need it`,
  ];
  return parts.join('; ');
}

function removeStore(path: string): void {
  for (const file of [path, `${path}-lock`]) rmSync(file, { force: true });
}
