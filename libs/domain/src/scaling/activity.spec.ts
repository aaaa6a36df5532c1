import { CallLog } from '../invocation/call-log';
import { CallReplay, ReplayClock } from '../invocation/call-replay';
import { ReplicaDirectory } from '../invocation/replica-directory';
import { FakeClock } from '../testing/fake-clock';
import { aFunction } from '../testing/function-spec';
import { InMemoryFunctionProvider } from '../testing/in-memory-function-provider';
import { Activity } from './activity';

describe('Activity.measure()', () => {
  let clock: FakeClock;
  let provider: InMemoryFunctionProvider;
  let activity: Activity;
  let directory: ReplicaDirectory;

  beforeEach(async () => {
    clock = new FakeClock();
    provider = new InMemoryFunctionProvider();
    directory = new ReplicaDirectory();
    await provider.watch(directory.apply);
    await provider.apply(aFunction('fn'));
    activity = new Activity(directory, clock);
  });

  const look = async () => (await activity.measure()).get('fn.ns');
  /** One look a second, with so many calls of so many milliseconds each, one after the other. */
  const second = async (calls: number, callMs: number) => {
    for (let call = 0; call < calls; call++) {
      activity.started('fn.ns');
      clock.advance(callMs);
      activity.ended('fn.ns', 200, callMs, 0);
    }
    clock.advance(1_000 - calls * callMs);
    return look();
  };

  it('counts calls that have started, and the mean of calls at a time', async () => {
    await look();
    for (let i = 0; i < 5; i++) await second(10, 20);
    await expect(second(10, 20)).resolves.toEqual({ callsPerSecond: 10, concurrency: 0.2, waiting: 0, idleMs: 800, serviceMs: 20, running: 0 });
  });

  it('shows a burst at the next look, and forgets it within some seconds', async () => {
    await look();
    for (let i = 0; i < 10; i++) await second(0, 0);
    expect((await second(500, 1))!.callsPerSecond).toBeGreaterThan(100);
    for (let i = 0; i < 4; i++) await second(0, 0);
    expect((await second(0, 0))!.callsPerSecond).toBe(0);
  });

  it('counts a call that goes on, and is not idle during it', async () => {
    await look();
    activity.started('fn.ns');
    clock.advance(600_000);
    await expect(look()).resolves.toMatchObject({ idleMs: 0, concurrency: 1 });
    activity.ended('fn.ns', 200, 600_000, 0);
    clock.advance(5_000);
    await expect(look()).resolves.toMatchObject({ idleMs: 5_000 });
  });

  it('knows how long a replica takes for a call, waiting not counted, until calls hang', async () => {
    await look();
    for (const [outcome, durationMs, waitedMs] of [[200, 500, 400], [500, 300, 0], ['over-capacity', 900, 900]] as const) {
      activity.started('fn.ns');
      activity.ended('fn.ns', outcome, durationMs, waitedMs);
    }
    clock.advance(1_000);
    await expect(look()).resolves.toMatchObject({ serviceMs: 200 });
    for (let i = 0; i < 10; i++) await second(0, 0);
    activity.started('fn.ns');
    clock.advance(1_000);
    expect(await look()).not.toHaveProperty('serviceMs');
  });

  it('knows how many calls run and do not end, although others do', async () => {
    await look();
    for (let i = 0; i < 7; i++) activity.started('fn.ns');
    for (let i = 0; i < 3; i++) await second(10, 5);
    await expect(second(10, 5)).resolves.toMatchObject({ serviceMs: 5, running: 7 });
  });

  it('takes no queue that comes and goes between two looks for calls that run', async () => {
    for (let i = 0; i < 4; i++) await second(0, 0);
    for (let i = 0; i < 1_000; i++) activity.started('fn.ns');
    clock.advance(900);
    for (let i = 0; i < 1_000; i++) activity.ended('fn.ns', 200, 900, 895);
    await expect(look()).resolves.toMatchObject({ serviceMs: 5, running: 0 });
  });

  it('takes no call that waits for one that runs', async () => {
    const { waiting } = directory.find('fn.ns')!;
    const queued = Array.from({ length: 20 }, () => ({ look: () => undefined, removed: () => undefined }));
    for (const waiter of queued) {
      activity.started('fn.ns');
      waiting.add(waiter);
    }
    await look();
    activity.started('fn.ns');
    await second(10, 5);
    await expect(look()).resolves.toMatchObject({ waiting: 20, running: 0 });
    for (let i = 0; i < 5; i++) await second(10, 5);
    await expect(look()).resolves.toMatchObject({ waiting: 20, running: 1 });
  });

  it('counts what was never called as idle since it was first looked at', async () => {
    await look();
    clock.advance(70_000);
    await expect(look()).resolves.toEqual({ callsPerSecond: 0, concurrency: 0, waiting: 0, idleMs: 70_000 });
  });

  it('is right about a function that comes again while calls of before still run', async () => {
    for (let i = 0; i < 3; i++) activity.started('fn.ns');
    await provider.remove({ name: 'fn', namespace: 'ns' });
    await look();
    await provider.apply(aFunction('fn'));
    for (let i = 0; i < 3; i++) activity.ended('fn.ns', 200, 1, 0);
    activity.started('fn.ns');
    clock.advance(20_000);
    await expect(look()).resolves.toMatchObject({ idleMs: 0 });
    clock.advance(3_000);
    await expect(look()).resolves.toMatchObject({ concurrency: 1 });
  });

  it('says no load below nothing when a call that ran at a look is told to have ended before it', async () => {
    const countingClock = new ReplayClock(clock);
    activity = new Activity(directory, countingClock);
    const replay = new CallReplay<number>(activity, clock, countingClock);
    replay.join(1);
    const log = new CallLog(clock, () => undefined);
    const report = () => replay.add(1, log.take());
    log.started('fn.ns');
    report();
    clock.advance(900);
    log.ended('fn.ns', 200, 900, 0);
    clock.advance(90);
    await expect(look()).resolves.toMatchObject({ idleMs: 0 });
    report();
    clock.advance(1_000);
    report();
    await expect(look()).resolves.toMatchObject({ callsPerSecond: 0, concurrency: 0 });
  });

  it('forgets a function that is gone, once its calls have ended', async () => {
    activity.started('fn.ns');
    await provider.remove({ name: 'fn', namespace: 'ns' });
    activity.ended('fn.ns', 200, 1, 0);
    await expect(look()).resolves.toBeUndefined();
    clock.advance(60_000);
    await provider.apply(aFunction('fn'));
    await expect(look()).resolves.toMatchObject({ concurrency: 0, idleMs: 0 });
  });
});
