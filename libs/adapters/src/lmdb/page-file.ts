import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { arch } from 'node:os';

const META_PAGES = 2;
const HEADER_BYTES = 24;
const MAGIC = 0xbeefc0de;
const FORMAT = 2;
const META_FLAG = 0x08;
const MIN_PAGE_BYTES = 512;
const MAX_PAGE_BYTES = 65_536;
const INTEGER_KEYS = 0x08;
/** Of an environment's flags, which stand beside those of its first tree. */
const TREE_FLAGS = 0xff;

/** A tree of pages: a table, the list of tables, or the list of free pages. */
export interface Tree {
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** `NO_PAGE` when it is empty. */
  readonly root: number;
}

/** What a commit left. */
export interface Snapshot {
  readonly transaction: number;
  readonly lastPage: number;
  readonly free: Tree;
  readonly main: Tree;
}

export const NO_PAGE = -1;

/** Whether files of this machine have the layout that is read here: words of eight bytes, the lowest byte first. */
export const canReadPages = ['x64', 'arm64'].includes(arch());

/**
 * An LMDB data file as bytes, without LMDB: that trusts what it maps, and dies of what is wrong there.
 *
 * Two pages say where a snapshot begins; each commit writes the one that the last commit did not.
 */
export class PageFile {
  /** The newest first; those that cannot be read are left out. */
  readonly snapshots: readonly Snapshot[];
  /** Whether both are there, one a commit behind the other; in a copy, and in a new file, it is the empty one. */
  readonly snapshotsAgree: boolean;
  readonly pageBytes: number;
  private readonly bytes: number;

  private constructor(private readonly descriptor: number) {
    this.bytes = fstatSync(descriptor).size;
    const pageBytes = this.findPageBytes();
    this.pageBytes = pageBytes ?? MIN_PAGE_BYTES;
    const found = pageBytes === undefined ? [] : Array.from({ length: META_PAGES }, (_, index) => this.snapshotAt(index)).flatMap((one) => one ?? []);
    this.snapshots = found.sort((a, b) => b.transaction - a.transaction);
    const [newest, other] = this.snapshots;
    const isFirst = other?.transaction === 0 && other.main.root === NO_PAGE;
    this.snapshotsAgree = newest !== undefined && other !== undefined && (isFirst || newest.transaction - other.transaction === 1);
  }

  /** Throws as `openSync` does. */
  static read<T>(path: string, action: (file: PageFile) => T): T {
    const descriptor = openSync(path, 'r');
    try {
      return action(new PageFile(descriptor));
    } finally {
      closeSync(descriptor);
    }
  }

  /** Whole pages; `undefined` when the file ends before them. */
  pages(first: number, count = 1): Buffer | undefined {
    const from = first * this.pageBytes;
    const length = count * this.pageBytes;
    return from + length > this.bytes ? undefined : this.read(from, length);
  }

  private read(from: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const count = readSync(this.descriptor, buffer, done, length - done, from + done);
      if (count === 0) throw new Error('it became shorter while it was read');
      done += count;
    }
    return buffer;
  }

  /** As either of the two pages says that can be read; where the second one begins follows from it. */
  private findPageBytes(): number | undefined {
    for (let pageBytes = MIN_PAGE_BYTES; pageBytes <= MAX_PAGE_BYTES; pageBytes *= 2) {
      for (const at of [0, pageBytes]) if (this.metaAt(at)?.readUInt32LE(24) === pageBytes) return pageBytes;
    }
    return undefined;
  }

  private metaAt(at: number): Buffer | undefined {
    if (at + HEADER_BYTES + 144 > this.bytes) return undefined;
    const page = this.read(at, HEADER_BYTES + 144);
    const meta = page.subarray(HEADER_BYTES);
    return page.readUInt16LE(18) === META_FLAG && meta.readUInt32LE(0) === MAGIC && meta.readUInt32LE(4) === FORMAT ? meta : undefined;
  }

  private snapshotAt(index: number): Snapshot | undefined {
    const meta = this.metaAt(index * this.pageBytes);
    if (!meta || meta.readUInt32LE(24) !== this.pageBytes) return undefined;
    const [mapBytes, lastPage, transaction] = [readWord(meta, 16), readWord(meta, 120), readWord(meta, 128)];
    const [free, main] = [readTree(meta, 24), readTree(meta, 72)];
    const isSane = lastPage >= META_PAGES - 1 && mapBytes >= (lastPage + 1) * this.pageBytes && (free.flags & TREE_FLAGS) === INTEGER_KEYS && main.flags === 0;
    return isSane ? { transaction, lastPage, free, main } : undefined;
  }
}

export function readTree(bytes: Buffer, at: number): Tree {
  return {
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branchPages: readWord(bytes, at + 8),
    leafPages: readWord(bytes, at + 16),
    overflowPages: readWord(bytes, at + 24),
    entries: readWord(bytes, at + 32),
    root: readWord(bytes, at + 40),
  };
}

/** `NO_PAGE` where all bits are set; too large for a page where the number is. */
export function readWord(bytes: Buffer, at: number): number {
  const [low, high] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
  if (low === 0xffffffff && high === 0xffffffff) return NO_PAGE;
  return high * 2 ** 32 + low;
}
