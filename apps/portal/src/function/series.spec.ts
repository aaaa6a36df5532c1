import fc from 'fast-check';
import { callRates, callsInFlight, highest, lastValues, latencies, replicaSteps, stacked, valuesAt, windowOf, WINDOW_SECONDS } from './series';
import type { CallsPoint } from './statistics';

const NOW_MS = Date.parse('2026-01-02T03:10:03Z');
const point = (at: string, more: Partial<CallsPoint> = {}): CallsPoint => ({ at, statuses: { '2xx': 10, '3xx': 0, '4xx': 5, '5xx': 0 }, inFlight: 2, ...more });
const reading = (...points: CallsPoint[]) => ({ stepSeconds: 5, points, nowMs: NOW_MS });
const at = (iso: string) => Date.parse(iso) / 1_000;

describe('callRates()', () => {
  it('has a value for each step of the window, 0 where nothing was told', () => {
    const { xs, ys } = callRates(reading(point('2026-01-02T03:09:50Z')));
    expect(xs).toHaveLength(WINDOW_SECONDS / 5);
    expect(xs.slice(-3)).toEqual([at('2026-01-02T03:09:50Z'), at('2026-01-02T03:09:55Z'), at('2026-01-02T03:10:00Z')]);
    expect(ys.map((series) => series.slice(-4))).toEqual([[0, 2, 0, null], [0, 0, 0, null], [0, 1, 0, null], [0, 0, 0, null]]);
  });

  it('leaves the step that goes on open', () => {
    expect(callRates(reading(point('2026-01-02T03:10:00Z'))).ys[0]!.at(-1)).toBeNull();
  });

  it('shows every call that ended in a full step, wherever steps begin', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_999 }), fc.uniqueArray(fc.integer({ min: 2, max: 100 }), { maxLength: 20 }), (offsetMs, ago) => {
        const last = Math.floor(NOW_MS / 5_000) * 5_000 + offsetMs - 5_000;
        const points = ago.sort((a, b) => b - a).map((steps) => point(new Date(last - steps * 5_000).toISOString()));
        const shown = callRates(reading(...points)).ys[0]!.reduce<number>((sum, value) => sum + (value ?? 0) * 5, 0);
        expect(shown).toBe(points.length * 10);
      }),
    );
  });
});

describe('latencies()', () => {
  it('has gaps where no call ended', () => {
    const { ys } = latencies(reading(point('2026-01-02T03:09:50Z', { p50Ms: 1, p95Ms: 2, p99Ms: 3 }), point('2026-01-02T03:09:55Z')));
    expect(ys.map((series) => series.slice(-4))).toEqual([[null, 1, null, null], [null, 2, null, null], [null, 3, null, null]]);
  });
});

describe('callsInFlight()', () => {
  it('is what was told, else 0', () => {
    expect(callsInFlight(reading(point('2026-01-02T03:10:00Z'))).ys[0]!.slice(-2)).toEqual([0, 2]);
  });
});

describe('replicaSteps()', () => {
  it('begins with the window and goes on until now', () => {
    const replicas = [
      { at: '2026-01-02T01:00:00Z', wanted: 1, ready: 1 },
      { at: '2026-01-02T03:10:00Z', wanted: 3, ready: 1 },
    ];
    expect(replicaSteps({ replicas, nowMs: NOW_MS })).toEqual({ xs: [NOW_MS / 1_000 - WINDOW_SECONDS, at('2026-01-02T03:10:00Z'), NOW_MS / 1_000], ys: [[1, 1, 1], [1, 3, 3]] });
  });
});

describe('windowOf()', () => {
  const now = NOW_MS / 1_000;
  const since = (secondsAgo: number) => ({ at: new Date(NOW_MS - secondsAgo * 1_000).toISOString(), wanted: 1, ready: 1 });
  it.each([
    ['a function of hours', { points: [], replicas: [since(9_000)] }, WINDOW_SECONDS],
    ['a function of minutes', { points: [], replicas: [since(200)] }, 200],
    ['a new function', { points: [], replicas: [since(3)] }, 60],
    ['calls to one that was deployed again', { points: [point(since(300).at)], replicas: [since(3)] }, 300],
    ['nothing', { points: [], replicas: [] }, 60],
  ])('%s', (_, known, seconds) => expect(windowOf({ ...known, nowMs: NOW_MS })).toEqual([now - seconds, now]));
});

describe('stacked()', () => {
  it('adds up, and keeps gaps', () => {
    expect(stacked({ xs: [1, 2], ys: [[1, null], [2, null], [3, null]] }).ys).toEqual([[1, null], [3, null], [6, null]]);
  });
});

describe('valuesAt()', () => {
  const data = { xs: [10, 20], ys: [[1, 2]] };
  it.each([
    [9, 'held', undefined],
    [10, 'held', [1]],
    [19, 'held', [1]],
    [20, 'held', [2]],
    [19, 'nearest', [2]],
    [14, 'nearest', [1]],
    [99, 'nearest', [2]],
  ] as const)('at %s, %s: %j', (second, which, expected) => expect(valuesAt(data, second, which)).toEqual(expected));
});

describe('lastValues(), highest()', () => {
  it('pass over gaps', () => {
    const data = { xs: [1, 2, 3], ys: [[1, 5, null], [7, null, null]] };
    expect(lastValues(data)).toEqual([5, null]);
    expect(highest(data)).toBe(7);
    expect(lastValues({ xs: [1], ys: [[null]] })).toBeUndefined();
  });
});
