import { Quantiles } from './quantiles';
import { SeededRandom } from './seeded-random';

describe('Quantiles', () => {
  it('are right to 1 %, from microseconds to hours', () => {
    const random = new SeededRandom(1);
    const values = Array.from({ length: 20_000 }, () => Math.exp(random.next() * 20 - 4)).sort((a, b) => a - b);
    const quantiles = new Quantiles();
    for (const value of values) quantiles.add(value);
    for (const part of [0.01, 0.5, 0.9, 0.99, 1]) {
      expect(Math.abs(quantiles.quantile(part) / values[Math.ceil(part * values.length) - 1]! - 1)).toBeLessThanOrEqual(0.0101);
    }
    expect(quantiles.max).toBe(values.at(-1));
    expect(quantiles.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length);
  });

  it('are 0 as far as the values are', () => {
    const quantiles = new Quantiles();
    expect([quantiles.quantile(0.99), quantiles.mean]).toEqual([0, 0]);
    for (let i = 0; i < 98; i++) quantiles.add(0);
    quantiles.add(100);
    quantiles.add(100);
    expect(quantiles.quantile(0.98)).toBe(0);
    expect(quantiles.quantile(0.99)).toBeCloseTo(100, -1);
  });
});
