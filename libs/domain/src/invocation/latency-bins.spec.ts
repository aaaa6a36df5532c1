import fc from 'fast-check';
import { LATENCY_BINS, latencyBin, latencyQuantileMs } from './latency-bins';

const countsOf = (durations: readonly number[]) => {
  const counts = new Uint32Array(LATENCY_BINS);
  for (const durationMs of durations) counts[latencyBin(durationMs)]!++;
  return counts;
};

describe('latencyQuantileMs()', () => {
  it('is at most a tenth off', () => {
    const durations = fc.array(fc.double({ min: 0.3, max: 600_000, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99), (all, quantile) => {
        const exact = [...all].sort((a, b) => a - b)[Math.ceil(quantile * all.length) - 1]!;
        const found = latencyQuantileMs(countsOf(all), quantile)!;
        expect(found / exact).toBeGreaterThan(1 / 1.1001);
        expect(found / exact).toBeLessThan(1.1001);
      }),
    );
  });

  it('interpolates within a bin', () => {
    const counts = countsOf(Array.from({ length: 100 }, () => 100));
    const [p1, p50, p99] = [0.01, 0.5, 0.99].map((quantile) => latencyQuantileMs(counts, quantile)!);
    expect(p1! < p50! && p50! < p99!).toBe(true);
  });

  it('has nothing to say without calls, and bounds what is out of range', () => {
    expect(latencyQuantileMs(countsOf([]), 0.5)).toBeUndefined();
    expect(latencyQuantileMs(countsOf([0, 0.1]), 0.99)).toBeLessThanOrEqual(0.25);
    expect(latencyQuantileMs(countsOf([NaN, -1]), 0.5)).toBeLessThanOrEqual(0.25);
    expect(latencyQuantileMs(countsOf([1e12]), 0.5)).toBeGreaterThan(15 * 60_000 * 0.9);
  });
});
