import { LogRing, MAX_KEPT_LENGTH, MAX_KEPT_LINES } from './log-ring';

const line = (second: number, text = String(second), instance = 'r1') => ({ timestamp: new Date(second * 1_000).toISOString(), instance, text });
const texts = (ring: LogRing, query: Parameters<LogRing['past']>[0] = {}) => ring.past(query).map(({ text }) => text);

describe('LogRing', () => {
  it('keeps the latest lines, bounded in number', () => {
    const ring = new LogRing();
    for (let i = 1; i <= 5 * MAX_KEPT_LINES; i++) {
      ring.push(line(i));
      expect(ring.past({}).length).toBeLessThanOrEqual(MAX_KEPT_LINES);
    }
    expect(ring.past({}).length).toBeGreaterThanOrEqual(MAX_KEPT_LINES / 2);
    expect(texts(ring).at(-1)).toBe(String(5 * MAX_KEPT_LINES));
  });

  it('keeps the latest lines, bounded in size', () => {
    const ring = new LogRing();
    const long = 'x'.repeat(MAX_KEPT_LENGTH / 4);
    for (let i = 1; i <= 20; i++) {
      ring.push(line(i, `${long}${i}`));
      expect(texts(ring).join('').length).toBeLessThanOrEqual(MAX_KEPT_LENGTH);
    }
    expect(texts(ring).at(-1)).toBe(`${long}20`);
  });

  it('gives what is asked for', () => {
    const ring = new LogRing();
    for (let i = 1; i <= 4; i++) ring.push(line(i, String(i), i % 2 ? 'odd' : 'even'));
    expect(texts(ring)).toEqual(['1', '2', '3', '4']);
    expect(texts(ring, { sinceMs: 2_000 })).toEqual(['3', '4']);
    expect(texts(ring, { tail: 3 })).toEqual(['2', '3', '4']);
    expect(texts(ring, { instance: 'odd', tail: 1 })).toEqual(['3']);
  });

  it('tells a follower of new lines until that has enough', () => {
    const ring = new LogRing();
    ring.push(line(1));
    const seen: string[] = [];
    const stop = ring.follow(({ text }) => seen.push(text));
    ring.push(line(2));
    stop();
    ring.push(line(3));
    expect(seen).toEqual(['2']);
  });
});
