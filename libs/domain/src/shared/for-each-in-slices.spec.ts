import { FakeClock } from '../testing/fake-clock';
import { forEachInSlices, SLICE } from './for-each-in-slices';

describe('forEachInSlices()', () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
  /** Lets all go on that waits for nothing but promises. */
  const settle = async () => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };

  it('needs no turn for less than a slice', async () => {
    const seen: number[] = [];
    await forEachInSlices(numbers(SLICE - 1), new FakeClock(), (value) => seen.push(value));
    expect(seen).toEqual(numbers(SLICE - 1));
  });

  it('lets others have a turn after each slice, and sees what came meanwhile', async () => {
    const clock = new FakeClock();
    const values = new Map(numbers(2 * SLICE).map((i) => [i, i]));
    const seen: number[] = [];
    const all = forEachInSlices(values.values(), clock, (value) => seen.push(value));
    await settle();
    expect(seen).toHaveLength(SLICE);
    values.set(2 * SLICE, 2 * SLICE);
    values.delete(SLICE);
    clock.advance(0);
    await settle();
    expect(seen).toHaveLength(2 * SLICE);
    clock.advance(0);
    await all;
    expect(seen).toEqual(numbers(2 * SLICE + 1).filter((i) => i !== SLICE));
  });

  it('rejects as the action throws', async () => {
    const action = () => {
      throw new Error('enough');
    };
    await expect(forEachInSlices([1], new FakeClock(), action)).rejects.toThrow('enough');
  });
});
