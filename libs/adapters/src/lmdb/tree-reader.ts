import { NO_PAGE, readWord, type PageFile, type Snapshot, type Tree } from './page-file';

const HEADER_BYTES = 24;
const NODE_BYTES = 8;
const OVERFLOW_NODE_BYTES = 24;
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
/** Of a leaf's node: its value lies in pages of its own; it is a tree. */
const BIG = 0x01;
export const SUBTREE = 0x02;
/** More levels than a tree could need. */
const MAX_DEPTH = 24;
const FIRST_PAGE = 2;

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
  /** `SUBTREE`, or none. */
  readonly flags: number;
}

interface Bounds {
  /** Keys are not below this. */
  readonly low: Buffer | undefined;
  /** They are below this. */
  readonly high: Buffer | undefined;
}

interface Found {
  branchPages: number;
  leafPages: number;
  overflowPages: number;
  entries: number;
}

/**
 * Reads the trees of a snapshot and notices what is not as it must be: pages out of place, used twice or by nobody, keys
 * out of order, counts that do not agree. What can be read is read all the same.
 */
export class TreeReader {
  /** What was found wrong. */
  damages = 0;
  /** By page: whether a tree uses it, or whether it is free. */
  private readonly used: Uint8Array;

  constructor(
    private readonly file: PageFile,
    private readonly snapshot: Snapshot,
    private readonly compare: (a: Buffer, b: Buffer) => number = (a, b) => Buffer.compare(a, b),
  ) {
    this.used = new Uint8Array(snapshot.lastPage + 1);
  }

  *entries(tree: Tree, compare = this.compare): Generator<Entry> {
    const found: Found = { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 };
    if (tree.root !== NO_PAGE) yield* this.walk(tree.root, { tree, level: 1, bounds: { low: undefined, high: undefined }, found, compare });
    const agree = found.branchPages === tree.branchPages && found.leafPages === tree.leafPages && found.overflowPages === tree.overflowPages && found.entries === tree.entries;
    if (!agree || (tree.root === NO_PAGE && tree.depth !== 0)) this.damages++;
  }

  /** Marks the free pages as such. Returns whether that list could be read whole. */
  readFree(): boolean {
    const before = this.damages;
    for (const { value } of this.entries(this.snapshot.free, compareWords)) this.markFree(value);
    return this.damages === before;
  }

  /** Pages that are neither used nor free: each should be one of both. */
  unclaimed(): readonly number[] {
    const pages: number[] = [];
    for (let page = FIRST_PAGE; page < this.used.length; page++) if (this.used[page] === 0) pages.push(page);
    return pages;
  }

  /** What lies in a page that no tree leads to any more, if it is a leaf. */
  *strayEntries(page: number): Generator<Entry> {
    const bytes = this.file.pages(page);
    if (!bytes || readWord(bytes, 0) !== page || bytes.readUInt16LE(18) !== LEAF) return;
    yield* this.leaf(bytes, { low: undefined, high: undefined }, { found: { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 }, compare: this.compare });
  }

  private *walk(page: number, at: { tree: Tree; level: number; bounds: Bounds; found: Found; compare: (a: Buffer, b: Buffer) => number }): Generator<Entry> {
    const bytes = this.claim(page, 1) ? this.file.pages(page) : undefined;
    if (!bytes || readWord(bytes, 0) !== page || !this.isOfPast(bytes) || at.level > MAX_DEPTH) {
      this.damages++;
      return;
    }
    const isLeaf = at.level === at.tree.depth;
    if (bytes.readUInt16LE(18) !== (isLeaf ? LEAF : BRANCH)) this.damages++;
    if ((bytes[18]! & BRANCH) !== 0) {
      at.found.branchPages++;
      yield* this.branch(bytes, at);
    } else if ((bytes[18]! & LEAF) !== 0) {
      at.found.leafPages++;
      yield* this.leaf(bytes, at.bounds, at);
    }
  }

  private *branch(bytes: Buffer, at: { tree: Tree; level: number; bounds: Bounds; found: Found; compare: (a: Buffer, b: Buffer) => number }): Generator<Entry> {
    const nodes = this.nodes(bytes, () => 0);
    if (nodes.length < 2) this.damages++;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!;
      const child = bytes.readUInt32LE(node) + bytes.readUInt16LE(node + 4) * 2 ** 32;
      // The first one has no key: it has all that is below the second.
      const low = i === 0 ? at.bounds.low : keyOf(bytes, node);
      const high = i + 1 < nodes.length ? keyOf(bytes, nodes[i + 1]!) : at.bounds.high;
      yield* this.walk(child, { ...at, level: at.level + 1, bounds: { low, high } });
    }
  }

  private *leaf(bytes: Buffer, { low, high }: Bounds, { found, compare }: { found: Found; compare: (a: Buffer, b: Buffer) => number }): Generator<Entry> {
    const dataBytes = (node: number) => ((bytes.readUInt16LE(node + 4) & BIG) !== 0 ? OVERFLOW_NODE_BYTES : bytes.readUInt32LE(node));
    const nodes = this.nodes(bytes, dataBytes);
    let last: Buffer | undefined;
    for (const node of nodes) {
      const key = keyOf(bytes, node);
      const inOrder = last === undefined ? low === undefined || compare(low, key) <= 0 : compare(last, key) < 0;
      if (!inOrder || (high !== undefined && compare(key, high) >= 0)) this.damages++;
      last = key;
      found.entries++;
      const flags = bytes.readUInt16LE(node + 4);
      if (flags !== 0 && flags !== BIG && flags !== SUBTREE) this.damages++;
      const valueAt = node + NODE_BYTES + key.byteLength;
      const length = bytes.readUInt32LE(node);
      const value = (flags & BIG) === 0 ? bytes.subarray(valueAt, valueAt + length) : this.bigValue(bytes, valueAt, { length, found });
      if (value) yield { key, value, flags: flags & SUBTREE };
    }
  }

  private bigValue(bytes: Buffer, at: number, { length, found }: { length: number; found: Found }): Buffer | undefined {
    const first = readWord(bytes, at);
    const count = Math.floor((HEADER_BYTES - 1 + length) / this.file.pageBytes) + 1;
    found.overflowPages += count;
    const pages = this.claim(first, count) ? this.file.pages(first, count) : undefined;
    if (!pages || readWord(pages, 0) !== first || !this.isOfPast(pages) || pages.readUInt16LE(18) !== OVERFLOW || pages.readUInt32LE(20) !== count || readWord(bytes, at + 16) !== count) {
      this.damages++;
      if (!pages) return undefined;
    }
    return pages.subarray(HEADER_BYTES, HEADER_BYTES + length);
  }

  /** Places of a page's nodes that lie within it. */
  private nodes(bytes: Buffer, dataBytes: (node: number) => number): readonly number[] {
    const [lower, upper] = [bytes.readUInt16LE(20), bytes.readUInt16LE(22)];
    const room = bytes.byteLength - HEADER_BYTES;
    if (lower % 2 !== 0 || lower > upper || upper > room) this.damages++;
    const nodes: number[] = [];
    let total = 0;
    for (let i = 0; i < Math.min(lower, room) >> 1; i++) {
      const offset = bytes.readUInt16LE(HEADER_BYTES + 2 * i);
      const node = HEADER_BYTES + offset;
      const fits = offset >= upper && offset % 2 === 0 && node + NODE_BYTES <= bytes.byteLength;
      const size = fits ? NODE_BYTES + bytes.readUInt16LE(node + 6) + dataBytes(node) : Infinity;
      if (node + size > bytes.byteLength) {
        this.damages++;
        continue;
      }
      total += size + (size % 2);
      nodes.push(node);
    }
    if (total !== room - upper) this.damages++;
    return nodes;
  }

  /** Of a transaction that has been committed: LMDB takes other pages for some that it is just writing. */
  private isOfPast(page: Buffer): boolean {
    const transaction = readWord(page, 8);
    return transaction >= 0 && transaction <= this.snapshot.transaction;
  }

  /** Notes that pages are used. `false` when that cannot be, or somebody has them already. */
  private claim(first: number, count: number): boolean {
    if (first < FIRST_PAGE || first + count > this.used.length) return false;
    for (let page = first; page < first + count; page++) if (this.used[page] !== 0) return false;
    this.used.fill(1, first, first + count);
    return true;
  }

  /** A count, and so many words: a page each, 0 for none, or minus a length and the first page of a run. */
  private markFree(list: Buffer): void {
    const words = list.byteLength >= 8 ? readWord(list, 0) : -1;
    if (words < 0 || (words + 1) * 8 > list.byteLength) {
      this.damages++;
      return;
    }
    for (let i = 1; i <= words; i++) {
      const word = Number(list.readBigInt64LE(i * 8));
      if (word === 0) continue;
      const isRun = word < 0;
      if (isRun && i === words) this.damages++;
      else if (!this.claim(isRun ? readWord(list, ++i * 8) : word, isRun ? -word : 1)) this.damages++;
    }
  }
}

function keyOf(bytes: Buffer, node: number): Buffer {
  return bytes.subarray(node + NODE_BYTES, node + NODE_BYTES + bytes.readUInt16LE(node + 6));
}

function compareWords(a: Buffer, b: Buffer): number {
  return a.byteLength === 8 && b.byteLength === 8 ? readWord(a, 0) - readWord(b, 0) : NaN;
}
