import type { ScheduleProgress } from '@shoal/domain/queue/invocation-queue';
import type { Lane } from '@shoal/domain/queue/lane';
import type { QueuedCall, StoredAnswer } from '@shoal/domain/queue/queued-call';
import { messageOf } from '@shoal/domain/shared/errors';
import { open, type Database, type Key, type RootDatabase } from 'lmdb';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { IndexEntry } from './index-entries';
import { RECORD_KINDS, type RecordKind } from './record-kinds';
import type { Position, StoredCall } from './stored-call';

/** Of the tables below. A file with another layout is not touched, but for those that came before. */
export const LAYOUT = 2;
/** As now, but in lmdb's own encoding and without checksums. */
const UNSEALED = 1;
/** Of the folder. */
export const STORE_FILE = 'queue.mdb';
export const META = 'meta';
/** Names in the file of what follows from `calls`. */
export const INDEX_NAMES: ReadonlyMap<string, IndexEntry[0]> = new Map([
  ['lanes', 'lanes'],
  ['claims', 'claims'],
  ['waiting', 'waiting'],
  ['ended', 'ended'],
  ['dead', 'dead'],
  ['dead-of-function', 'deadOfFunction'],
]);
const MAX_TABLES = 16;
/** LMDB takes keys of 1,978 bytes; the longest here has an id or a function, of three bytes a character, and some numbers. */
const MAX_NAME_CHARACTERS = 500;

/** What is in the file. `lanes` to `deadOfFunction` are indexes: they follow from `calls`. */
export interface Tables {
  readonly root: RootDatabase;
  /** By id, as `requests` and `answers` are. */
  readonly calls: Database<StoredCall, string>;
  /** Of all calls that may still be run or sent. */
  readonly requests: Database<QueuedCall, string>;
  readonly answers: Database<StoredAnswer, string>;
  /** Lane, rank, sequence → id. */
  readonly lanes: Database<string, [Lane, number, number]>;
  /** Id → where it was taken from. */
  readonly claims: Database<Position, string>;
  /** When it is due, id → lane. */
  readonly waiting: Database<Lane, [number, string]>;
  /** Since when, id. */
  readonly ended: Database<null, [number, string]>;
  /** Since when, id. */
  readonly dead: Database<null, [number, string]>;
  /** Function, since when, id. */
  readonly deadOfFunction: Database<null, [string, number, string]>;
  /** Function → when its schedule was last seen to. */
  readonly schedules: Database<ScheduleProgress, string>;
  /** Of this file: made with it, and never changed. */
  readonly secret: string;
}

interface StoreOptions {
  readonly file?: string;
  /** Of a file that is made: by default one that nobody knows. */
  readonly secret?: string;
}

/** Opens a file of the folder, or makes it. Throws a plain error that names the folder. */
export function openTables(folder: string, { file = STORE_FILE, secret = randomBytes(32).toString('hex') }: StoreOptions = {}): Tables {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const options = {
      path: join(folder, file),
      // Else a folder with a dot in its name is taken for a file.
      noSubdir: true,
      maxDbs: MAX_TABLES,
      // Else a write resolves when others can see it, which is before it is on the disk.
      overlappingSync: false,
      // Else a commit that fails rejects a promise of lmdb's own too, which nobody can catch. What is written in one turn
      // is committed together all the same.
      eventTurnBatching: false,
      // Whole requests lie in it, and the folder may be one that others can enter. Its types do not know this one.
      permissionsMode: 0o600,
    };
    const root = open(options);
    for (const path of [options.path, `${options.path}-lock`]) keepPrivate(path);
    const meta = msgpackTable<string | number>(root, META);
    const layout = meta.get('layout');
    if (layout !== undefined && layout !== LAYOUT && layout !== UNSEALED) {
      void root.close();
      throw new Error(`its layout is ${layout}, and this version knows ${LAYOUT} only: use the version of Shoal that has written it, or a newer one`);
    }
    if (layout === undefined) {
      root.transactionSync(() => {
        meta.putSync('layout', LAYOUT);
        meta.putSync('secret', secret);
      });
    }
    if (layout === UNSEALED) seal(root, meta);
    return {
      root,
      calls: records(root, 'calls'),
      requests: records(root, 'requests'),
      answers: records(root, 'answers'),
      lanes: table(root, 'lanes'),
      claims: table(root, 'claims'),
      waiting: table(root, 'waiting'),
      ended: table(root, 'ended'),
      dead: table(root, 'dead'),
      deadOfFunction: table(root, 'dead-of-function'),
      schedules: records(root, 'schedules'),
      secret: String(meta.get('secret')),
    };
  } catch (error) {
    throw new Error(`the queue in ${folder} cannot be opened: ${messageOf(error)}`, { cause: error });
  }
}

/** Takes away what a version before has let others do with it. */
function keepPrivate(path: string): void {
  try {
    if (statSync(path).mode & 0o077) chmodSync(path, 0o600);
  } catch {
    // Its disk knows no modes, or it is of a user who lets us write: that is as it was.
  }
}

/** Whether an id or a function's key can be part of a key. */
export function canBeKey(name: string): boolean {
  return name !== '' && name.length <= MAX_NAME_CHARACTERS && !name.includes('\0');
}

function records<V>(root: RootDatabase, kind: RecordKind): Database<V, string> {
  const options = { name: kind, encoder: RECORD_KINDS[kind] };
  return root.openDB<V, string>(options);
}

/** An index. */
function table<V, K extends Key>(root: RootDatabase, name: string): Database<V, K> {
  return root.openDB<V, K>({ name, encoding: 'json' });
}

function msgpackTable<V>(root: RootDatabase, name: string): Database<V, Key> {
  const options = { name, encoder: { useRecords: false } };
  return root.openDB<V, Key>(options);
}

/** Writes all of an older layout as it is written now. */
function seal(root: RootDatabase, meta: Database<string | number, Key>): void {
  const names = [...Object.keys(RECORD_KINDS), ...INDEX_NAMES.keys()];
  root.transactionSync(() => {
    for (const name of names) {
      const before = msgpackTable<object>(root, name);
      const after = name in RECORD_KINDS ? records<object>(root, name as RecordKind) : table<object, Key>(root, name);
      for (const key of [...before.getKeys()]) void (after as Database<unknown, Key>).putSync(key, before.get(key));
    }
    meta.putSync('layout', LAYOUT);
  });
}
