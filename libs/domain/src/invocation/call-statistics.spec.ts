import fc from 'fast-check';
import { FakeClock } from '../testing/fake-clock';
import { ReplayClock } from './call-replay';
import { CallStatistics, STATISTICS_STEP_MS, STATISTICS_WINDOW_MS } from './call-statistics';

/** A clock whose wall time can be set. */
class SettableClock extends FakeClock {
  offsetMs = 1_700_000_000_000;
  override nowMs(): number {
    return super.nowMs() + this.offsetMs;
  }
}

describe('CallStatistics', () => {
  const gone = new Set<string>();
  const start = () => {
    const clock = new SettableClock();
    const statistics = new CallStatistics(clock, { statusOf: (code) => (code === 'over-capacity' ? 429 : 504), exists: (key) => !gone.has(key) });
    const call = (outcome: Parameters<CallStatistics['ended']>[1], durationMs = 10, key = 'f.ns') => {
      statistics.started(key);
      statistics.ended(key, outcome, durationMs);
    };
    return { clock, statistics, call };
  };

  it('counts calls by the class of their status, that of errors too', () => {
    const { statistics, call } = start();
    for (const outcome of [200, 204, 101, 302, 404, 'over-capacity', 500, 'upstream-timeout', 'not-ready'] as const) call(outcome);
    expect(statistics.points('f.ns')).toMatchObject([{ byClass: [3, 1, 2, 3] }]);
    expect(statistics.recent('f.ns')).toMatchObject({ ended: 9, failed: 3 });
  });

  it('keeps functions apart, and knows nothing of who was never called', () => {
    const { statistics, call } = start();
    call(200);
    call(500, 10, 'g.ns');
    expect(statistics.points('g.ns')).toMatchObject([{ byClass: [0, 0, 0, 1] }]);
    expect(statistics.points('nobody.ns')).toEqual([]);
    expect([statistics.recent('nobody.ns'), statistics.lastCallMs('nobody.ns'), statistics.inFlight('nobody.ns')]).toEqual([undefined, undefined, 0]);
  });

  it('points() has steps of five seconds at whole multiples, and leaves out those without calls', () => {
    const { clock, statistics, call } = start();
    clock.advance(1_000);
    call(200);
    clock.advance(STATISTICS_STEP_MS);
    call(200);
    clock.advance(3 * STATISTICS_STEP_MS);
    call(200);
    expect(statistics.points('f.ns').map(({ atMs }) => atMs - clock.offsetMs)).toEqual([0, 5_000, 20_000]);
  });

  it('points() has the quantiles of each step, also when it is long over', () => {
    const { clock, statistics, call } = start();
    for (let i = 0; i < 98; i++) call(200, 10);
    call(200, 1_000);
    call(200, 1_000);
    const expected = { p50Ms: expect.closeTo(10, -0.1), p95Ms: expect.closeTo(10, -0.1), p99Ms: expect.closeTo(1_000, -2.4) };
    expect(statistics.points('f.ns')).toMatchObject([expected]);
    clock.advance(90_000);
    expect(statistics.points('f.ns')).toMatchObject([expected]);
    call(200, 50);
    expect(statistics.points('f.ns')).toMatchObject([expected, { p50Ms: expect.closeTo(50, -1) }]);
  });

  it('points() has the most calls at a time, also of steps in which none began or ended', () => {
    const { clock, statistics } = start();
    for (let i = 0; i < 3; i++) statistics.started('f.ns');
    statistics.ended('f.ns', 200, 1);
    clock.advance(3 * STATISTICS_STEP_MS);
    statistics.ended('f.ns', 200, 15_000);
    expect(statistics.points('f.ns').map(({ inFlight }) => inFlight)).toEqual([3, 2, 2, 2]);
    expect(statistics.points('f.ns')[1]).toEqual({ atMs: expect.any(Number), byClass: [0, 0, 0, 0], inFlight: 2 });
    clock.advance(2 * STATISTICS_WINDOW_MS);
    expect(statistics.points('f.ns')).toHaveLength(STATISTICS_WINDOW_MS / STATISTICS_STEP_MS);
    expect(new Set(statistics.points('f.ns').map(({ inFlight }) => inFlight))).toEqual(new Set([1]));
    statistics.ended('f.ns', 200, 15_000);
    expect(statistics.points('f.ns').at(-1)).toMatchObject({ byClass: [1, 0, 0, 0], inFlight: 1 });
  });

  it('recent() is the last minute, and the rate that of the last seconds', () => {
    const { clock, statistics, call } = start();
    call(500, 2_000);
    clock.advance(57_000);
    for (let i = 0; i < 99; i++) call(200, 10);
    expect(statistics.recent('f.ns')).toEqual({ callsPerSecond: 99 / 7, ended: 100, failed: 1, p95Ms: expect.closeTo(10, -0.1) });
    clock.advance(3_000);
    expect(statistics.recent('f.ns')).toMatchObject({ callsPerSecond: 99 / 5, ended: 99, failed: 0 });
    clock.advance(5_000);
    expect(statistics.recent('f.ns')).toMatchObject({ callsPerSecond: 0, ended: 99 });
    clock.advance(60_000);
    expect(statistics.recent('f.ns')).toBeUndefined();
  });

  it('keeps no more than the window of a function that is called all the time', () => {
    const { clock, statistics, call } = start();
    for (let i = 0; i < 200; i++) {
      call(200);
      clock.advance(STATISTICS_STEP_MS);
    }
    // The step that has just begun has no calls yet.
    expect(statistics.points('f.ns')).toHaveLength(STATISTICS_WINDOW_MS / STATISTICS_STEP_MS - 1);
    expect(bucketsOf(statistics, 'f.ns')).toBeLessThanOrEqual(STATISTICS_WINDOW_MS / STATISTICS_STEP_MS);
  });

  it('forgets what is old by itself, but not when the last call of a function came that is still there', () => {
    const { clock, statistics, call } = start();
    call(200);
    call(200, 10, 'gone.ns');
    gone.add('gone.ns');
    const calledMs = clock.nowMs();
    clock.advance(STATISTICS_WINDOW_MS + 2 * 60_000);
    expect([bucketsOf(statistics, 'f.ns'), bucketsOf(statistics, 'gone.ns')]).toEqual([0, undefined]);
    expect([statistics.lastCallMs('f.ns'), statistics.lastCallMs('gone.ns')]).toEqual([calledMs, undefined]);
    call(200);
    expect(statistics.points('f.ns')).toHaveLength(1);
  });

  it('waits for the calls of a function that is gone', () => {
    const { clock, statistics } = start();
    gone.add('gone.ns');
    statistics.started('gone.ns');
    clock.advance(2 * STATISTICS_WINDOW_MS);
    statistics.ended('gone.ns', 200, 1);
    expect(statistics.inFlight('gone.ns')).toBe(0);
    statistics.ended('nobody.ns', 200, 1);
  });

  it('follows a wall clock that is set, and not its trembling', () => {
    const { clock, statistics, call } = start();
    call(200);
    const { atMs } = statistics.points('f.ns')[0]!;
    clock.offsetMs += 3;
    expect(statistics.points('f.ns')).toMatchObject([{ atMs }]);
    clock.offsetMs -= 86_400_003;
    call(200);
    expect(statistics.points('f.ns')).toMatchObject([{ atMs: atMs - 86_400_000, byClass: [2, 0, 0, 0] }]);
    expect(statistics.lastCallMs('f.ns')).toBe(clock.nowMs());
  });

  it('tells great numbers of a step that is long over', () => {
    const { clock, statistics, call } = start();
    const most = 300;
    call(200);
    clock.advance(STATISTICS_STEP_MS);
    for (let i = 0; i < 70_000; i++) call(404);
    for (let i = 0; i < most; i++) statistics.started('f.ns');
    clock.advance(STATISTICS_STEP_MS);
    for (let i = 0; i < most; i++) statistics.ended('f.ns', 200, 1);
    clock.advance(90_000);
    call(200);
    expect(statistics.points('f.ns')).toMatchObject([
      { byClass: [1, 0, 0, 0], inFlight: 1 },
      { byClass: [0, 0, 70_000, 0], inFlight: most },
      { byClass: [most, 0, 0, 0], inFlight: most },
      { byClass: [1, 0, 0, 0], inFlight: 1 },
    ]);
  });

  it('counts what is replayed late in the step in which it happened, also when somebody has looked since', () => {
    const clock = new FakeClock();
    const replayClock = new ReplayClock(clock);
    const statistics = new CallStatistics(replayClock, { statusOf: () => 500, exists: () => true });
    clock.advance(STATISTICS_STEP_MS - 1);
    statistics.started('f.ns');
    clock.advance(50);
    expect(statistics.points('f.ns')).toMatchObject([{ inFlight: 1 }, { inFlight: 1 }]);
    expect(statistics.recent('f.ns')).toBeUndefined();
    replayClock.replayedMs = STATISTICS_STEP_MS - 1;
    statistics.ended('f.ns', 200, 1);
    replayClock.replayedMs = undefined;
    expect(statistics.points('f.ns')).toMatchObject([{ atMs: 0, byClass: [1, 0, 0, 0], inFlight: 1 }]);
  });

  it('tells of any calls what a log of them tells', () => {
    const moves = fc.record({
      advanceMs: fc.oneof(fc.nat(100), fc.nat(STATISTICS_STEP_MS), { weight: 4, arbitrary: fc.constant(STATISTICS_STEP_MS) }, fc.nat(3 * STATISTICS_WINDOW_MS)),
      starts: fc.nat(4),
      ends: fc.array(fc.constantFrom(200, 302, 404, 500), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(moves, { maxLength: 250, size: 'max' }), (all) => {
        const { clock, statistics } = start();
        const log: { step: number; running: number; status?: number }[] = [{ step: -Infinity, running: 0 }];
        const stepNow = () => Math.floor((clock.nowMs() - clock.offsetMs) / STATISTICS_STEP_MS);
        const note = (change: number, status?: number) => log.push({ step: stepNow(), running: log.at(-1)!.running + change, ...(status && { status }) });
        for (const { advanceMs, starts, ends } of all) {
          clock.advance(advanceMs);
          for (let i = 0; i < starts; i++) {
            statistics.started('f.ns');
            note(1);
          }
          for (const status of ends) {
            if (log.at(-1)!.running === 0) continue;
            statistics.ended('f.ns', status, 10);
            note(-1, status);
          }
        }
        const expected = [];
        for (let step = stepNow() - STATISTICS_WINDOW_MS / STATISTICS_STEP_MS + 1; step <= stepNow(); step++) {
          const of = log.filter((entry) => entry.step === step);
          const before = log.findLast((entry) => entry.step < step)?.running ?? 0;
          const inFlight = Math.max(before, ...of.map(({ running }) => running));
          const byClass = [2, 3, 4, 5].map((first) => of.filter(({ status = 0 }) => Math.floor(status / 100) === first).length);
          if (of.length > 0 || before > 0) expected.push({ atMs: step * STATISTICS_STEP_MS + clock.offsetMs, byClass, inFlight });
        }
        expect(statistics.points('f.ns').map(({ atMs, byClass, inFlight }) => ({ atMs, byClass, inFlight }))).toEqual(expected);
        const lately = log.filter(({ step, status }) => status && step > stepNow() - 12);
        const failed = lately.filter(({ status }) => status === 500).length;
        expect(statistics.recent('f.ns') ?? { ended: 0, failed: 0 }).toMatchObject({ ended: lately.length, failed });
      }),
      { numRuns: 50 },
    );
  });
});

/** What it holds of a function, which is nobody's business but of who counts memory. */
function bucketsOf(statistics: CallStatistics, key: string): number | undefined {
  return (statistics as unknown as { functions: Map<string, { buckets: unknown[] }> }).functions.get(key)?.buckets.length;
}
