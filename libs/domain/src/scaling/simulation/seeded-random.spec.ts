import { SeededRandom } from './seeded-random';

const DRAWS = 100_000;
const meanOf = (draw: () => number) => Array.from({ length: DRAWS }, draw).reduce((sum, value) => sum + value, 0) / DRAWS;

describe('SeededRandom', () => {
  it('draws the same for the same seed and stream, and something else for others', () => {
    const first = (seed: number, stream?: number) => {
      const random = new SeededRandom(seed, stream);
      return Array.from({ length: 5 }, () => random.next());
    };
    expect(first(7, 3)).toEqual(first(7, 3));
    const others = [first(7, 3), first(7, 4), first(8, 3), first(0), first(1)].flat();
    expect(new Set(others).size).toBe(others.length);
  });

  it('next() is spread evenly from 0 to 1', () => {
    const random = new SeededRandom(1);
    const tenths = new Array<number>(10).fill(0);
    for (let draw = 0; draw < DRAWS; draw++) tenths[Math.floor(random.next() * 10)]!++;
    for (const count of tenths) expect(Math.abs(count / DRAWS - 0.1)).toBeLessThan(0.005);
  });

  it('streams of neighbouring numbers have nothing in common', () => {
    const [a, b] = [new SeededRandom(1, 10), new SeededRandom(1, 11)];
    // Of two that are independent, the mean product of their distances from 0.5 is 0.
    expect(Math.abs(meanOf(() => (a.next() - 0.5) * (b.next() - 0.5)))).toBeLessThan(0.002);
  });

  it('exponential() and normal() have their means and deviations', () => {
    const random = new SeededRandom(1);
    expect(meanOf(() => random.exponential(20))).toBeCloseTo(20, 0);
    expect(meanOf(() => random.normal())).toBeCloseTo(0, 1);
    expect(meanOf(() => random.normal() ** 2)).toBeCloseTo(1, 1);
  });
});
