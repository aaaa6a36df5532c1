import fc from 'fast-check';
import { demandOf } from './demand';
import type { FunctionLoad } from './metrics-source';

const loadOf = (rest: Partial<FunctionLoad>): FunctionLoad => ({ callsPerSecond: 0, concurrency: 0, waiting: 0, idleMs: 0, ...rest });

describe('demandOf()', () => {
  it.each<[string, Partial<FunctionLoad>, number]>([
    ['all that are here, while nobody knows how long a call takes', { callsPerSecond: 100, concurrency: 80, waiting: 70 }, 80],
    ['those that run, when none waits', { callsPerSecond: 100, concurrency: 10, serviceMs: 100 }, 10],
    ['short calls that wait: what they need to be gone within a second', { callsPerSecond: 1_000, concurrency: 600, waiting: 1_000, serviceMs: 5 }, 10],
    ['long calls that wait: each as one', { callsPerSecond: 5, concurrency: 60, waiting: 30, serviceMs: 4_000 }, 50],
    ['not what has waited and is gone', { callsPerSecond: 100, concurrency: 300, waiting: 0, serviceMs: 100 }, 10],
    ['those that run and do not end, although others are short', { callsPerSecond: 10, concurrency: 1_016, running: 16, waiting: 1_000, serviceMs: 5 }, 21],
    ['long streams beside short calls', { callsPerSecond: 10, concurrency: 50.05, running: 50.05, serviceMs: 5 }, 50.05],
    ['nothing, when nothing is here', { serviceMs: 100 }, 0],
  ])('is %s', (_name, load, demand) => {
    expect(demandOf(loadOf(load))).toBeCloseTo(demand);
  });

  it('is never more than what is here, and never less for more that wait', () => {
    const amount = fc.double({ min: 0, max: 10_000, noNaN: true });
    fc.assert(
      fc.property(amount, amount, amount, amount, amount, (callsPerSecond, concurrency, waiting, more, serviceMs) => {
        const load = loadOf({ callsPerSecond, concurrency, waiting, serviceMs });
        const demand = demandOf(load);
        expect(demand).toBeLessThanOrEqual(concurrency);
        expect(demandOf({ ...load, waiting: waiting + more })).toBeGreaterThanOrEqual(demand);
      }),
    );
  });
});
