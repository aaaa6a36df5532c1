import { describeFunctionProvider } from '../../../../../test/contracts/function-provider.contract';
import { ReplicaDirectory } from '../../invocation/replica-directory';
import { aFunction } from '../../testing/function-spec';
import { SeededRandom } from './seeded-random';
import { SimulatedClock } from './simulated-clock';
import { SimulatedProvider, type SimulatedReplica } from './simulated-provider';

let passing: NodeJS.Timeout | undefined;

describeFunctionProvider('SimulatedProvider', async () => {
  const clock = new SimulatedClock();
  passing = setInterval(() => clock.runUntil(clock.nowMs() + 1), 1);
  return new SimulatedProvider({ startUpMs: 5, startUpJitter: 0.5, room: 1 }, clock, new SeededRandom(1));
});

afterEach(() => clearInterval(passing));

describe('SimulatedProvider', () => {
  const id = { name: 'fn', namespace: 'ns' };
  let clock: SimulatedClock;
  let provider: SimulatedProvider;

  beforeEach(() => {
    clock = new SimulatedClock();
    provider = new SimulatedProvider({ startUpMs: 1_000, startUpJitter: 0, room: 2 }, clock, new SeededRandom(1));
  });

  const levels = () => ({ desired: provider.desired.value, ready: provider.ready.value, existing: provider.existing.value });

  it('makes a replica ready when its start-up time has passed', async () => {
    await provider.apply(aFunction('fn'));
    expect(levels()).toEqual({ desired: 1, ready: 0, existing: 1 });
    clock.runUntil(999);
    expect((await provider.find(id))!.ready).toEqual([]);
    clock.runUntil(1_000);
    expect((await provider.find(id))!.ready).toMatchObject([{ maxInflight: 2 }]);
    expect(levels()).toEqual({ desired: 1, ready: 1, existing: 1 });
  });

  it('lets starts take less and more by the jitter', async () => {
    const jittery = new SimulatedProvider({ startUpMs: 1_000, startUpJitter: 0.5, room: 1 }, clock, new SeededRandom(1));
    await jittery.apply(aFunction('fn', { labels: { 'com.openfaas.scale.min': '1000', 'com.openfaas.scale.max': '1000' } }));
    clock.runUntil(500);
    expect(jittery.ready.value).toBe(0);
    clock.runUntil(1_000);
    expect(Math.abs(jittery.ready.value - 500)).toBeLessThan(60);
    clock.runUntil(1_500);
    expect(jittery.ready.value).toBe(1_000);
  });

  it('takes away the newest first, those that are still starting among them', async () => {
    await provider.apply(aFunction('fn'));
    clock.runUntil(1_000);
    const [oldest] = (await provider.find(id))!.ready;
    await provider.scale(id, 3);
    await provider.scale(id, 1);
    expect(levels()).toEqual({ desired: 1, ready: 1, existing: 1 });
    clock.runUntil(5_000);
    expect((await provider.find(id))!.ready).toEqual([oldest]);
  });

  it('drains: a replica with calls gets no more, and ends with the last of them', async () => {
    const directory = new ReplicaDirectory();
    await provider.watch(directory.apply);
    await provider.apply(aFunction('fn'));
    clock.runUntil(1_000);
    const entry = directory.find('fn.ns')!;
    const [first, second] = [entry.take()!, entry.take()!];
    const replica = first.replica as SimulatedReplica;
    provider.took(replica);
    provider.took(replica);
    await provider.scale(id, 0);
    expect(entry.take()).toBeUndefined();
    expect(levels()).toEqual({ desired: 0, ready: 0, existing: 1 });
    provider.gaveBack(replica);
    expect(levels().existing).toBe(1);
    provider.gaveBack(second.replica as SimulatedReplica);
    expect(levels().existing).toBe(0);
  });

  it('counts how often the count turns', async () => {
    await provider.apply(aFunction('fn'));
    for (const [replicas, reversals] of [[3, 0], [5, 0], [5, 0], [2, 1], [1, 1], [4, 2], [4, 2], [0, 3]] as const) {
      await provider.scale(id, replicas);
      expect(provider.reversals).toBe(reversals);
    }
  });
});
