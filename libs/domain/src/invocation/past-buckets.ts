import { addLatencies, NO_LATENCIES, settled, type Latencies } from './latencies';
import { LATENCY_BINS, latencyMsAt, latencyQuantile } from './latency-bins';

/** The calls of one step. */
export interface Bucket {
  readonly step: number;
  /** Calls that ended in it by the first digit of their status: of 2, 3, 4 and 5. */
  readonly byClass: [number, number, number, number];
  mostInFlight: number;
  /** Of the calls that ended in it. */
  latencies: Latencies;
}

/** What can be told of a bucket, once it is over too. */
export interface BucketSummary extends Readonly<Omit<Bucket, 'latencies'>> {
  /** Calls that went on behind it, up to the next one. */
  readonly left: number;
  /** `undefined` when no call ended in it. */
  readonly quantiles: Quantiles | undefined;
}

interface Quantiles {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** Cells a row, and which of them has what: of the step its last byte, and of the place of each quantile its bin and a part of that. */
const ROW = 13;
const STEP = 0;
const BY_CLASS = 1;
const MOST_IN_FLIGHT = 5;
const LEFT = 6;
const QUANTILES = 7;
const PARTS = 256;
const FIRST_ROWS = 4;
const NO_CELLS = new Uint8Array(0);
/** Of latencies, while they are added up. */
const sums = new Uint32Array(LATENCY_BINS);

/**
 * The buckets of a function that are over, the oldest first, packed: 13 numbers each, in a byte each until one of them
 * does not fit, then in two or four. Takes room for as many as there are, and none for none.
 */
export class PastBuckets {
  length = 0;
  /** Calls that ran before the first of them. */
  runningBefore = 0;
  private cells: Uint8Array | Uint16Array | Uint32Array = NO_CELLS;
  private lastStep = 0;
  /** Of the last of them, as far as they are kept. */
  private latencies: Latencies[] = [];

  /** Its step must be later than those of all others, and the first of them less than 256 steps ago. */
  push(bucket: Bucket, left: number): void {
    const row = [bucket.step & 255, ...bucket.byClass, bucket.mostInFlight, left, ...placesOf(bucket.latencies).flatMap(packed)];
    this.makeRoom(Math.max(...row));
    this.cells.set(row, ROW * this.length++);
    this.lastStep = bucket.step;
    this.latencies.push(settled(bucket.latencies));
  }

  dropBefore(step: number): void {
    this.dropLatenciesBefore(step);
    let old = 0;
    while (old < this.length && this.stepAt(old) < step) this.runningBefore = this.cells[ROW * old++ + LEFT]!;
    if (old === 0) return;
    this.cells.copyWithin(0, ROW * old, ROW * this.length);
    this.length -= old;
    if (this.length === 0) this.cells = NO_CELLS;
  }

  /** Leaves the quantiles where they are. */
  dropLatenciesBefore(step: number): void {
    const { latencies } = this;
    let old = 0;
    while (old < latencies.length && this.stepAt(this.length - latencies.length + old) < step) old++;
    // A new array, for one that has become shorter keeps its room.
    if (old > 0) this.latencies = latencies.slice(old);
  }

  stepAt(index: number): number {
    return this.lastStep - ((this.lastStep - this.cells[ROW * index + STEP]!) & 255);
  }

  /** Calls that ended in it. */
  endedAt(index: number): number {
    return this.countAt(index, 0) + this.countAt(index, 1) + this.countAt(index, 2) + this.countAt(index, 3);
  }

  /** Those of them with a status from 500 on. */
  failedAt(index: number): number {
    return this.countAt(index, 3);
  }

  latenciesAt(index: number): Latencies {
    return this.latencies[index - this.length + this.latencies.length] ?? NO_LATENCIES;
  }

  at(index: number): BucketSummary {
    const cells = this.cells.subarray(ROW * index, ROW * (index + 1));
    const place = (quantile: number) => cells[QUANTILES + 2 * quantile]! + cells[QUANTILES + 2 * quantile + 1]! / PARTS;
    return {
      step: this.stepAt(index),
      byClass: [this.countAt(index, 0), this.countAt(index, 1), this.countAt(index, 2), this.countAt(index, 3)],
      mostInFlight: cells[MOST_IN_FLIGHT]!,
      left: cells[LEFT]!,
      quantiles: quantilesAt([place(0), place(1), place(2)]),
    };
  }

  private countAt(index: number, ofClass: number): number {
    return this.cells[ROW * index + BY_CLASS + ofClass]!;
  }

  /** For one row more, with numbers up to `largest`. */
  private makeRoom(largest: number): void {
    const { cells } = this;
    const fits = largest < 256 ** cells.BYTES_PER_ELEMENT;
    const rows = cells.length / ROW;
    if (fits && this.length < rows) return;
    const size = ROW * (this.length < rows ? rows : Math.max(FIRST_ROWS, 2 * rows));
    const bytes = Math.max(cells.BYTES_PER_ELEMENT, largest < 256 ? 1 : largest < 65_536 ? 2 : 4);
    this.cells = bytes === 1 ? new Uint8Array(size) : bytes === 2 ? new Uint16Array(size) : new Uint32Array(size);
    this.cells.set(cells);
  }
}

/** Of a bucket that is not over yet. */
export function summaryOf({ step, byClass, mostInFlight, latencies }: Bucket, left: number): BucketSummary {
  return { step, byClass: [...byClass], mostInFlight, left, quantiles: quantilesAt(placesOf(latencies)) };
}

type Places = readonly [p50: number, p95: number, p99: number];

/** All 0 without calls. */
function placesOf(latencies: Latencies): Places {
  sums.fill(0);
  addLatencies(sums, latencies);
  return [latencyQuantile(sums, 0.5) ?? 0, latencyQuantile(sums, 0.95) ?? 0, latencyQuantile(sums, 0.99) ?? 0];
}

function packed(place: number): [bin: number, part: number] {
  // What is there must not become 0.
  const parts = Math.ceil(place * PARTS);
  return [Math.floor(parts / PARTS), parts % PARTS];
}

function quantilesAt([p50, p95, p99]: Places): Quantiles | undefined {
  return p50 === 0 ? undefined : { p50Ms: latencyMsAt(p50), p95Ms: latencyMsAt(p95), p99Ms: latencyMsAt(p99) };
}
