import { SeededRandom } from './seeded-random';
import { DISTRIBUTIONS, drawServiceMs, parseDistribution, type Distribution } from './service-time';

const drawMany = (distribution: Distribution) => {
  const random = new SeededRandom(1);
  return Array.from({ length: 100_000 }, () => drawServiceMs({ meanMs: 50, distribution }, random)).sort((a, b) => a - b);
};

describe('drawServiceMs()', () => {
  it.each(DISTRIBUTIONS)('has the mean that was asked for: %s', (distribution) => {
    const times = drawMany(distribution);
    expect(times.reduce((sum, ms) => sum + ms, 0) / times.length / 50).toBeCloseTo(1, 1);
  });

  it.each<[Distribution, number]>([
    ['fixed', 1],
    ['exponential', Math.log(100)],
    ['log-normal', 6.2],
  ])('has the tail of its distribution: %s', (distribution, p99) => {
    const times = drawMany(distribution);
    expect(Math.abs(times[99_000]! / 50 / p99 - 1)).toBeLessThan(0.05);
  });
});

describe('parseDistribution()', () => {
  it('knows the names, and rejects any other', () => {
    expect(DISTRIBUTIONS.map(parseDistribution)).toEqual([...DISTRIBUTIONS]);
    expect(() => parseDistribution('uniform')).toThrow('a service time is one of fixed, exponential, log-normal, not uniform');
  });
});
