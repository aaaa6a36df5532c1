import type { QueuedCall } from '@shoal/domain/queue/queued-call';
import { bufferToKeyValue } from 'lmdb';
import { crc32 } from 'node:zlib';
import { indexEntriesOf } from './index-entries';
import { readTree, type PageFile, type Snapshot } from './page-file';
import { RECORD_KINDS, type RecordKind } from './record-kinds';
import type { StoredCall } from './stored-call';
import { INDEX_NAMES, META } from './tables';
import { SUBTREE, TreeReader, type Entry } from './tree-reader';

const TREE_BYTES = 48;
const KINDS = Object.keys(RECORD_KINDS) as readonly RecordKind[];
/** Behind a byte or two that say how long it is. */
const SECRET = /[\da-f]{64}$/;

export interface StoreReading {
  /** Whether all is as it was written. */
  readonly sound: boolean;
  /** Absent where that cannot be read. */
  readonly layout: number | undefined;
  /** Likewise. */
  readonly secret: string | undefined;
  /** How many calls there should be; absent where that cannot be read. */
  readonly calls: number | undefined;
}

type Records = { readonly [Kind in RecordKind]: { readonly kind: Kind; readonly key: string; readonly value: ReturnType<(typeof RECORD_KINDS)[Kind]['decode']> } };

/** Told of each record that is as it was written. */
export type Visit = (record: Records[RecordKind]) => void;

/**
 * Reads a snapshot of a store without LMDB, and tells `visit` of its records. Those of pages that nothing leads to any more
 * are among them: what is neither used nor free belongs to a tree whose branches are damaged.
 */
export function readStore(file: PageFile, snapshot: Snapshot, visit: Visit): StoreReading {
  const reader = new TreeReader(file, snapshot);
  const freeIsKnown = reader.readFree();
  const indexes = new IndexSums();
  const meta = new Map<unknown, Buffer>();
  let wrong = 0;
  let calls: number | undefined;
  const see = (kind: RecordKind, { key, value }: Entry): boolean => {
    try {
      const id = bufferToKeyValue(key);
      const record = RECORD_KINDS[kind].decode(value);
      if (typeof id !== 'string' || (idOf(kind, record) ?? id) !== id) return false;
      if (kind === 'calls') indexes.expect(id, record as StoredCall);
      visit({ kind, key: id, value: record } as Records[RecordKind]);
      return true;
    } catch {
      return false;
    }
  };
  for (const { key, value, flags } of reader.entries(snapshot.main)) {
    const name = String(tryTo(() => bufferToKeyValue(key)));
    const tree = flags === SUBTREE && value.byteLength === TREE_BYTES ? readTree(value, 0) : undefined;
    if (tree?.flags !== 0) {
      wrong++;
      continue;
    }
    if (name === 'calls') calls = tree.entries;
    const index = INDEX_NAMES.get(name);
    for (const entry of reader.entries(tree)) {
      if (isKind(name)) wrong += see(name, entry) ? 0 : 1;
      else if (index) wrong += indexes.see(index, entry) ? 0 : 1;
      else if (name === META) meta.set(tryTo(() => bufferToKeyValue(entry.key)), entry.value);
      else {
        wrong++;
        KINDS.some((kind) => see(kind, entry));
      }
    }
  }
  const stray = reader.unclaimed();
  if (freeIsKnown) for (const page of stray) for (const entry of reader.strayEntries(page)) KINDS.some((kind) => see(kind, entry));
  const secret = SECRET.exec(meta.get('secret')?.toString('latin1') ?? '')?.[0];
  const layout = meta.get('layout');
  const sound = wrong === 0 && reader.damages === 0 && stray.length === 0 && indexes.agree && secret !== undefined;
  // A small number ends with the byte that it is.
  return { sound, layout: layout?.at(-1), secret, calls };
}

/** Whether the indexes say what follows from the calls, without keeping either. */
class IndexSums {
  private balance = 0;
  private count = 0;

  expect(id: string, call: StoredCall): void {
    for (const entry of indexEntriesOf(id, call)) this.add(entry, 1);
  }

  /** Returns whether it could be read. */
  see(table: string, { key, value }: Entry): boolean {
    try {
      this.add([table, bufferToKeyValue(key), JSON.parse(value.toString()) as unknown], -1);
      return true;
    } catch {
      return false;
    }
  }

  get agree(): boolean {
    return this.balance === 0 && this.count === 0;
  }

  private add(entry: readonly unknown[], sign: 1 | -1): void {
    this.balance += sign * crc32(JSON.stringify(entry));
    this.count += sign;
  }
}

function idOf(kind: RecordKind, record: unknown): string | undefined {
  if (kind === 'calls') return (record as StoredCall).record.id;
  if (kind === 'requests') return (record as QueuedCall).id;
  return undefined;
}

function isKind(name: string): name is RecordKind {
  return (KINDS as readonly string[]).includes(name);
}

function tryTo(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
