import fc from 'fast-check';
import { partOfFree } from './part-of-free';

describe('partOfFree()', () => {
  it('takes exactly what is asked for or all, never more than a room has, and of each in proportion', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ free: fc.nat(100_000) }), { maxLength: 20 }), fc.integer({ min: -5, max: 1_000_000 }), (rooms, amount) => {
        const part = partOfFree(rooms, amount);
        const free = rooms.reduce((total, room) => total + room.free, 0);
        const taken = Math.max(0, Math.min(amount, free));
        expect(part.reduce((total, [, ofRoom]) => total + ofRoom, 0)).toBe(taken);
        for (const [room, ofRoom] of part) {
          expect(ofRoom).toBeGreaterThan(0);
          expect(ofRoom).toBeLessThanOrEqual(room.free);
          expect(Math.abs(ofRoom - (taken * room.free) / free)).toBeLessThanOrEqual(rooms.length);
        }
      }),
    );
  });

  it('takes first of who has most', () => {
    expect(partOfFree([{ free: 9 }, { free: 10 }], 9)).toEqual([[{ free: 10 }, 5], [{ free: 9 }, 4]]);
  });
});
