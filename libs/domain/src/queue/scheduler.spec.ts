import { ReplicaDirectory } from '../invocation/replica-directory';
import { ShoalError } from '../shared/errors';
import { FakeClock } from '../testing/fake-clock';
import { aFunction } from '../testing/function-spec';
import { InMemoryInvocationQueue } from '../testing/in-memory-invocation-queue';
import { Enqueue } from './enqueue';
import { requireSchedule, type Cron } from './schedule';
import { Scheduler } from './scheduler';

const MINUTE = 60_000;
/** Every so many minutes, as the expression says. */
const cron: Cron = {
  problem: ({ cron: text }) => (/^\d+$/.test(text) ? undefined : 'cannot be used'),
  next: ({ cron: text }, afterMs) => (Math.floor(afterMs / (Number(text) * MINUTE)) + 1) * Number(text) * MINUTE,
};

function setUp() {
  const clock = new FakeClock();
  clock.advance(1_000 * MINUTE);
  const queue = new InMemoryInvocationQueue({ clock });
  const directory = new ReplicaDirectory();
  const failures: string[] = [];
  const deploy = (annotations: Readonly<Record<string, string>>, createdAt = new Date(clock.nowMs()).toISOString()) =>
    directory.apply({ kind: 'present', state: { spec: { ...aFunction('f'), id: { name: 'f', namespace: 'ns' }, annotations }, createdAt, replicas: 0, ready: [] } });
  const createScheduler = () => {
    const ids = { fresh: () => 'fresh', derived: (text: string) => text };
    const enqueue = new Enqueue({ queue, directory, ids, observer: { observed: () => undefined }, callbackProblem: () => undefined });
    return new Scheduler({ directory, enqueue, log: queue, cron, clock, failed: (_key, message) => failures.push(message) });
  };
  const runs = async () => (await queue.take('call:f.ns', 100)).map(({ call }) => call.headers[1]);
  const passMinutes = async (minutes: number, ...schedulers: readonly Scheduler[]) => {
    for (let i = 0; i < minutes * 60; i++) {
      clock.advance(1_000);
      await Promise.all(schedulers.map((one) => one.tick()));
    }
  };
  return { clock, queue, directory, deploy, createScheduler, runs, passMinutes, failures };
}

const at = (minutes: number) => new Date(minutes * MINUTE).toISOString();

describe('Scheduler', () => {
  it('calls a function when it is due, and says when it was and will be', async () => {
    const { deploy, createScheduler, runs, passMinutes } = setUp();
    const scheduler = createScheduler();
    deploy({ schedule: '5', 'schedule.timezone': 'Europe/Berlin' });
    await passMinutes(11, scheduler);
    expect(await runs()).toEqual([at(1_005), at(1_010)]);
    expect(scheduler.status('f.ns')).toEqual({ cron: '5', timeZone: 'Europe/Berlin', missed: 'skip', nextRun: at(1_015), lastRun: at(1_010) });
    expect(scheduler.status('other.ns')).toBeUndefined();
  });

  it('makes one call of several gateways', async () => {
    const { deploy, createScheduler, runs, passMinutes } = setUp();
    deploy({ schedule: '5' });
    await passMinutes(16, createScheduler(), createScheduler(), createScheduler());
    expect(await runs()).toEqual([at(1_005), at(1_010), at(1_015)]);
  });

  it.each([
    ['skip', []],
    ['once', [at(1_005)]],
  ])('with missed=%s makes up for what was missed with %j', async (missed, expected) => {
    const { deploy, createScheduler, runs, passMinutes, clock } = setUp();
    deploy({ schedule: '5', 'schedule.missed': missed });
    await passMinutes(1, createScheduler());
    clock.advance(28 * MINUTE);
    const another = createScheduler();
    await passMinutes(0.5, another);
    expect(await runs()).toEqual(expected);
    expect(another.status('f.ns')!.nextRun).toBe(at(1_030));
  });

  it('goes on by the clock as it is when that is set back or forward, and runs nothing for the second time', async () => {
    const { clock, deploy, createScheduler, runs, passMinutes } = setUp();
    const scheduler = createScheduler();
    deploy({ schedule: '5' });
    await passMinutes(11, scheduler);
    clock.set(-600 * MINUTE);
    await passMinutes(5, scheduler);
    expect(await runs()).toEqual([at(1_005), at(1_010), at(415)]);
    expect(scheduler.status('f.ns')!.nextRun).toBe(at(420));
    clock.set(590 * MINUTE);
    await passMinutes(5, scheduler);
    expect(await runs()).toEqual([]); // That of 1,010, again.
    clock.set(-10_000); // As a clock is adjusted.
    await passMinutes(5, scheduler);
    expect(await runs()).toEqual([at(1_015)]);
  });

  it('follows another schedule from when it is deployed, and none when it is gone', async () => {
    const { deploy, createScheduler, runs, passMinutes, directory } = setUp();
    const scheduler = createScheduler();
    deploy({ schedule: '100' });
    await passMinutes(1, scheduler);
    deploy({ schedule: '2' });
    await passMinutes(2, scheduler);
    expect(await runs()).toEqual([at(1_002)]);
    deploy({});
    await passMinutes(4, scheduler);
    expect(scheduler.status('f.ns')).toBeUndefined();
    // Nobody missed it meanwhile.
    deploy({ schedule: '2', 'schedule.missed': 'once' });
    await passMinutes(0.5, scheduler);
    expect(await runs()).toEqual([]);
    directory.apply({ kind: 'removed', id: { name: 'f', namespace: 'ns' } });
    await passMinutes(4, scheduler);
    expect(await runs()).toEqual([]);
    expect(scheduler.status('f.ns')).toBeUndefined();
  });

  it('is not late for a function that was there long before its schedule', async () => {
    const { deploy, createScheduler, runs, passMinutes } = setUp();
    deploy({ schedule: '5', 'schedule.missed': 'once' }, new Date(0).toISOString());
    await passMinutes(1, createScheduler());
    expect(await runs()).toEqual([]);
  });

  it('sees what another gateway has seen to while it was cut off', async () => {
    const { deploy, createScheduler, runs, passMinutes, queue } = setUp();
    deploy({ schedule: '5', 'schedule.missed': 'once' });
    const [cutOff, other] = [createScheduler(), createScheduler()];
    await passMinutes(1, cutOff, other);
    await passMinutes(15, other);
    expect(await runs()).toEqual([at(1_005), at(1_010), at(1_015)]);
    // All of it was so long ago that the queue has forgotten the calls.
    queue.publish = async () => 'stored';
    await passMinutes(1, cutOff);
    expect(cutOff.status('f.ns')).toMatchObject({ lastRun: at(1_015), nextRun: at(1_020) });
    expect((await queue.scheduleProgress('f.ns'))!.lastRunMs).toBe(1_015 * MINUTE);
  });

  it('tries again when the run could not be accepted', async () => {
    const { deploy, createScheduler, runs, passMinutes, queue, failures } = setUp();
    const scheduler = createScheduler();
    deploy({ schedule: '5' });
    await passMinutes(4, scheduler);
    const publish = queue.publish.bind(queue);
    queue.publish = async () => {
      throw new ShoalError('backend-unavailable', 'no queue');
    };
    await passMinutes(1.1, scheduler);
    expect(await runs()).toEqual([]);
    expect(failures).toContain('no queue');
    queue.publish = publish;
    await passMinutes(0.1, scheduler);
    expect(await runs()).toEqual([at(1_005)]);
  });
});

describe('requireSchedule()', () => {
  it('rejects what can never be, and names the annotation', () => {
    expect(requireSchedule({}, cron)).toBeUndefined();
    expect(() => requireSchedule({ schedule: 'x' }, cron)).toThrow('annotations.schedule cannot be used');
    expect(() => requireSchedule({ schedule: '1', 'schedule.missed': 'all' }, cron)).toThrow('annotations.schedule.missed must be skip or once');
  });
});
