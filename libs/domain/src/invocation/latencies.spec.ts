import fc from 'fast-check';
import { addLatencies, NO_LATENCIES, settled, withLatency } from './latencies';
import { LATENCY_BINS, latencyBin } from './latency-bins';

const latenciesOf = (durations: readonly number[]) => durations.reduce(withLatency, NO_LATENCIES);

describe('withLatency()', () => {
  it('has each call in its bin, few or many', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2_000_000 }), { maxLength: 80, size: 'max' }), (durations) => {
        const expected = new Array<number>(LATENCY_BINS).fill(0);
        for (const durationMs of durations) expected[latencyBin(durationMs)]!++;
        const sums = new Uint32Array(LATENCY_BINS);
        addLatencies(sums, latenciesOf(durations));
        expect([...sums]).toEqual(expected);
      }),
    );
  });
});

describe('addLatencies()', () => {
  it.each([1, 100])('adds %d to what is there', (calls) => {
    const latencies = latenciesOf(new Array<number>(calls).fill(0));
    const sums = new Uint32Array(LATENCY_BINS);
    addLatencies(sums, latencies);
    addLatencies(sums, latencies);
    expect(sums[0]).toBe(2 * calls);
  });
});

describe('settled()', () => {
  it.each([0, 3, 33, 700, 5_000])('tells the same of %d calls, in a string unless they are many', (calls) => {
    const latencies = latenciesOf(Array.from({ length: calls }, (_, i) => i));
    const [before, after] = [new Uint32Array(LATENCY_BINS), new Uint32Array(LATENCY_BINS)];
    addLatencies(before, latencies);
    addLatencies(after, settled(latencies));
    expect(after).toEqual(before);
    expect(typeof settled(latencies)).toBe(calls > 1_000 ? 'object' : 'string');
  });

  it('leaves what can go on growing', () => {
    const latencies = withLatency(settled(latenciesOf(new Array<number>(100).fill(0))), 0);
    const sums = new Uint32Array(LATENCY_BINS);
    addLatencies(sums, latencies);
    expect(sums[0]).toBe(101);
  });
});
