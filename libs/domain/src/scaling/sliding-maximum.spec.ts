import fc from 'fast-check';
import { SlidingMaximum } from './sliding-maximum';

describe('SlidingMaximum', () => {
  it('is what looking at everything would give', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 9 }))), (steps) => {
        const maximum = new SlidingMaximum();
        const all: { atMs: number; value: number }[] = [];
        let nowMs = 0;
        for (const [passedMs, value] of steps) {
          nowMs += passedMs;
          maximum.add(nowMs, value);
          all.push({ atMs: nowMs, value });
          const expected = Math.max(0, ...all.filter(({ atMs }) => atMs >= nowMs - 10).map((entry) => entry.value));
          expect(maximum.since(nowMs - 10)).toBe(expected);
        }
      }),
    );
  });
});
