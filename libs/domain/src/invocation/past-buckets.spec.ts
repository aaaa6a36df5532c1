import fc from 'fast-check';
import { addLatencies, NO_LATENCIES, withLatency } from './latencies';
import { LATENCY_BINS } from './latency-bins';
import { PastBuckets, summaryOf, type Bucket } from './past-buckets';

const WINDOW = 120;
const bucketAt = (step: number, fields: Partial<Bucket> = {}): Bucket => ({ step, byClass: [1, 0, 0, 0], mostInFlight: 1, latencies: NO_LATENCIES, ...fields });

function sumsOf(latencies: Bucket['latencies']): Uint32Array {
  const sums = new Uint32Array(LATENCY_BINS);
  addLatencies(sums, latencies);
  return sums;
}

/** What is held of numbers, which is nobody's business but of who counts memory. */
function bytesOf(buckets: PastBuckets): number {
  return (buckets as unknown as { cells: Uint8Array }).cells.byteLength;
}

describe('PastBuckets', () => {
  const count = fc.oneof({ weight: 8, arbitrary: fc.nat(20) }, fc.constantFrom(254, 255, 256, 65_535, 65_536, 4_294_967_295));
  const pushed = fc.record({
    gap: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 5 }) }, fc.integer({ min: 1, max: WINDOW }), fc.constantFrom(255, 256, 257, 100_000)),
    byClass: fc.tuple(count, count, count, count),
    mostInFlight: count,
    left: count,
    durations: fc.array(fc.double({ min: 0, max: 2_000_000, noNaN: true }), { maxLength: 50 }),
  });

  it('tell what was pushed, whatever was dropped before', () => {
    fc.assert(
      fc.property(fc.array(pushed, { maxLength: 300, size: 'max' }), (all) => {
        const buckets = new PastBuckets();
        let expected: { readonly bucket: Bucket; readonly left: number }[] = [];
        let step = 340_000_000;
        let runningBefore = 0;
        for (const { gap, left, durations, ...fields } of all) {
          step += gap;
          runningBefore = expected.findLast(({ bucket }) => bucket.step <= step - WINDOW)?.left ?? runningBefore;
          expected = expected.filter(({ bucket }) => bucket.step > step - WINDOW);
          buckets.dropBefore(step - WINDOW + 1);
          const bucket = bucketAt(step, { ...fields, latencies: durations.reduce(withLatency, NO_LATENCIES) });
          expected.push({ bucket, left });
          buckets.push(bucket, left);
          buckets.dropLatenciesBefore(step - 11);
        }
        expect([buckets.length, buckets.runningBefore]).toEqual([expected.length, runningBefore]);
        expected.forEach(({ bucket, left }, i) => {
          const { quantiles, ...exact } = summaryOf(bucket, left);
          expect(buckets.at(i)).toMatchObject(exact);
          expect(buckets.at(i).quantiles === undefined).toBe(quantiles === undefined);
          for (const name of ['p50Ms', 'p95Ms', 'p99Ms'] as const) {
            if (quantiles) expect(Math.abs(buckets.at(i).quantiles![name] - quantiles[name])).toBeLessThanOrEqual(Math.max(0.001, quantiles[name] / 2_000));
          }
          const [a, b, c, d] = bucket.byClass;
          expect([buckets.stepAt(i), buckets.endedAt(i), buckets.failedAt(i)]).toEqual([bucket.step, a + b + c + d, d]);
          expect(sumsOf(buckets.latenciesAt(i))).toEqual(sumsOf(bucket.step >= step - 11 ? bucket.latencies : NO_LATENCIES));
        });
      }),
      { numRuns: 30 },
    );
  });

  it('take room for as many as there are, more for great numbers only, and none for none', () => {
    const buckets = new PastBuckets();
    expect(bytesOf(buckets)).toBe(0);
    buckets.push(bucketAt(1), 0);
    expect(bytesOf(buckets)).toBeLessThanOrEqual(64);
    for (let step = 2; step <= 500; step++) {
      buckets.push(bucketAt(step), 0);
      buckets.dropBefore(step - WINDOW + 2);
    }
    expect(bytesOf(buckets)).toBeLessThanOrEqual(1_700);
    buckets.push(bucketAt(501, { byClass: [256, 0, 0, 0] }), 0);
    expect(bytesOf(buckets)).toBeLessThanOrEqual(3_400);
    buckets.dropBefore(502);
    expect([buckets.length, bytesOf(buckets)]).toEqual([0, 0]);
    buckets.push(bucketAt(600), 0);
    expect(bytesOf(buckets)).toBeLessThanOrEqual(64);
  });
});
