import fc from 'fast-check';
import { Latencies } from './latencies';
import { LATENCY_BINS, latencyBin } from './latency-bins';

describe('Latencies', () => {
  it('has each call in its bin, few or many', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 40 }), (durations) => {
        const latencies = new Latencies();
        const expected = new Array<number>(LATENCY_BINS).fill(0);
        for (const durationMs of durations) {
          latencies.add(durationMs);
          expected[latencyBin(durationMs)]!++;
        }
        const sums = new Uint32Array(LATENCY_BINS);
        latencies.addTo(sums);
        expect([...sums]).toEqual(expected);
      }),
    );
  });

  it('addTo() adds to what is there', () => {
    const latencies = new Latencies();
    latencies.add(0);
    const sums = new Uint32Array(LATENCY_BINS);
    latencies.addTo(sums);
    latencies.addTo(sums);
    expect(sums[0]).toBe(2);
  });
});
