import { Arrivals } from './arrivals';
import { SeededRandom } from './seeded-random';

function allOf(arrivals: Arrivals): number[] {
  const times: number[] = [];
  for (let at = arrivals.next(); at !== undefined; at = arrivals.next()) times.push(at);
  return times;
}

function bySecond(times: readonly number[], seconds: number): number[] {
  const counts = new Array<number>(seconds).fill(0);
  for (const at of times) counts[Math.floor(at)]!++;
  return counts;
}

describe('Arrivals', () => {
  it('come in order, as many in each second as its rate says', () => {
    const times = allOf(new Arrivals([10_000, 0, 20_000, 0, 0], new SeededRandom(1)));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const [first, second, third, ...rest] = bySecond(times, 5);
    expect(Math.abs(first! - 10_000)).toBeLessThan(300);
    expect(second).toBe(0);
    expect(Math.abs(third! - 20_000)).toBeLessThan(450);
    expect(rest).toEqual([0, 0]);
  });

  it('come at random: the deviation of a count is the root of its mean', () => {
    const seconds = 2_000;
    const counts = bySecond(allOf(new Arrivals(new Array<number>(seconds).fill(9), new SeededRandom(2))), seconds);
    const variance = counts.reduce((sum, count) => sum + (count - 9) ** 2, 0) / seconds;
    expect(variance).toBeGreaterThan(8);
    expect(variance).toBeLessThan(10);
  });

  it('come when the rate is far less than one a second, too', () => {
    const times = allOf(new Arrivals(new Array<number>(100_000).fill(0.01), new SeededRandom(3)));
    expect(Math.abs(times.length - 1_000)).toBeLessThan(100);
  });

  it('begin within the trace where they are told, and go on with its beginning', () => {
    const times = allOf(new Arrivals([0, 0, 500, 0], new SeededRandom(1), 3));
    expect(bySecond(times, 4).map((count) => count > 0)).toEqual([false, false, false, true]);
  });

  it('are none of a trace without load', () => {
    expect(new Arrivals([0, 0], new SeededRandom(1)).next()).toBeUndefined();
  });
});
