import fc from 'fast-check';
import { FakeClock } from '../testing/fake-clock';
import { CallLog } from './call-log';
import type { CallObserver } from './call-observer';
import { CallReplay, ReplayClock } from './call-replay';

type Seen = readonly [what: string, key: string, atMs: number, ...details: unknown[]];

function recorder(clock: Pick<FakeClock, 'monotonicMs'>) {
  const seen: Seen[] = [];
  const observer: CallObserver = {
    started: (key) => void seen.push(['started', key, clock.monotonicMs()]),
    ended: (key, ...details) => void seen.push(['ended', key, clock.monotonicMs(), ...details]),
  };
  return { seen, observer };
}

/** Some processes whose calls are replayed in one. */
function processes(count: number) {
  const clock = new FakeClock();
  const replayClock = new ReplayClock(clock);
  const { seen, observer } = recorder(replayClock);
  const replay = new CallReplay<number>(observer, clock, replayClock);
  const logs = Array.from({ length: count }, (_, id) => {
    const log: CallLog = new CallLog(clock, () => replay.add(id, log.take()));
    replay.join(id);
    return log;
  });
  return { clock, logs, replay, seen, flush: (id: number) => replay.add(id, logs[id]!.take()) };
}

const moment = fc.record({
  process: fc.nat(2),
  key: fc.constantFrom('a.ns', 'b.ns', 'c.ns'),
  what: fc.constantFrom('started' as const, 'ended' as const, 'flush' as const),
  outcome: fc.constantFrom(200, 500, 'over-capacity' as const, 'exec-timeout' as const),
  passedMs: fc.nat(40),
});

describe('CallReplay', () => {
  it('tells of the calls of all processes as they happened, in that order', () => {
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 200 }), (moments) => {
        const { clock, logs, seen, flush } = processes(3);
        const { seen: expected, observer } = recorder(clock);
        moments.forEach(({ process, key, what, outcome, passedMs }, index) => {
          clock.advance(passedMs);
          if (what === 'flush') return flush(process);
          // Any number that is not round: it has to come through as it is.
          const details = what === 'started' ? [] : ([outcome, index / 3, index / 7] as const);
          for (const told of [logs[process]!, observer]) (told[what] as (...args: unknown[]) => void)(key, ...details);
        });
        clock.advance(1);
        for (const id of logs.keys()) flush(id);
        expect(seen.map(String).sort()).toEqual(expected.map(String).sort());
        expect(seen.map(([, , atMs]) => atMs)).toEqual(expected.map(([, , atMs]) => atMs));
      }),
    );
  });

  it('waits for what another process may have to tell, but not for one that is silent', () => {
    const { clock, logs, seen, flush } = processes(2);
    clock.advance(5);
    logs[0]!.started('a.ns');
    clock.advance(5);
    flush(0);
    expect(seen).toEqual([]);
    flush(1);
    expect(seen).toEqual([['started', 'a.ns', 5]]);
    clock.advance(1_000);
    logs[0]!.ended('a.ns', 200, 1_000, 0);
    clock.advance(1);
    flush(0);
    expect(seen).toHaveLength(2);
    logs[1]!.started('b.ns');
    flush(1);
    expect(seen).toHaveLength(3);
  });

  it('ends the calls of a process that has gone', () => {
    const { clock, logs, replay, seen, flush } = processes(2);
    logs[0]!.started('a.ns');
    clock.advance(100);
    logs[0]!.started('a.ns');
    logs[0]!.ended('a.ns', 200, 100, 0);
    flush(0);
    clock.advance(50);
    replay.leave(0);
    expect(seen.at(-1)).toEqual(['ended', 'a.ns', 150, 'internal', 50, 0]);
    replay.add(0, logs[0]!.take());
    expect(seen).toHaveLength(4);
  });

  it('is told at once what would not fit any more', () => {
    const { clock, logs, seen, flush } = processes(1);
    for (let i = 0; i < 5_000; i++) {
      logs[0]!.started('a.ns');
      logs[0]!.ended('a.ns', 204, 1, 0);
    }
    expect(seen.length).toBeGreaterThan(8_000);
    clock.advance(1);
    flush(0);
    expect(seen).toHaveLength(10_000);
  });
});
