import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALLOWED, compareWithBaseline } from '../../tools/bench/baseline.mjs';

describe('compareWithBaseline()', () => {
  const verdictOf = (before: number, now: number) => compareWithBaseline({ hop: before }, { hop: now })[0]!.verdict;

  it('lets a row be as dear as it was, cheaper, and dearer by a quarter', () => {
    expect([verdictOf(4, 4), verdictOf(4, 1), verdictOf(4, 5)]).toEqual(['ok', 'ok', 'ok']);
  });

  it('tells of a row that is dearer by more than a quarter', () => {
    expect(verdictOf(4, 5.01)).toBe('too dear');
  });

  it('judges each row by itself', () => {
    const verdicts = compareWithBaseline({ get: 2, post: 3 }, { get: 2, post: 9 });
    expect(verdicts).toEqual([
      { what: 'get', before: 2, now: 2, change: 1, verdict: 'ok' },
      { what: 'post', before: 3, now: 9, change: 3, verdict: 'too dear' },
    ]);
  });

  it('passes no row that is on one side only', () => {
    expect(compareWithBaseline({ gone: 2 }, { fresh: 2 })).toEqual([
      { what: 'gone', before: 2, verdict: 'not measured' },
      { what: 'fresh', now: 2, verdict: 'no baseline' },
    ]);
  });

  it('finds each row of the baseline too dear once it costs twice as much', () => {
    const baseline = JSON.parse(readFileSync(join(__dirname, 'baseline.json'), 'utf8')) as Record<string, number>;
    expect(Object.keys(baseline).length).toBeGreaterThan(3);
    const dearer = Object.fromEntries(Object.entries(baseline).map(([what, times]) => [what, times * 2]));
    expect(compareWithBaseline(baseline, dearer).filter(({ verdict }) => verdict !== 'too dear')).toEqual([]);
    expect(ALLOWED).toBe(1.25);
  });
});
