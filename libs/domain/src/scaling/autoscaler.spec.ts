import { ReplicaDirectory } from '../invocation/replica-directory';
import { ShoalError } from '../shared/errors';
import { FakeClock } from '../testing/fake-clock';
import { aFunction } from '../testing/function-spec';
import { InMemoryFunctionProvider } from '../testing/in-memory-function-provider';
import { Autoscaler, MAX_REMEMBERED_CHANGES, type ScalingRecord } from './autoscaler';
import type { FunctionLoad } from './metrics-source';

const NOTHING: FunctionLoad = { callsPerSecond: 0, concurrency: 0, waiting: 0, idleMs: 0 };
const labels = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`com.openfaas.scale.${name}`, value]));

describe('Autoscaler', () => {
  const id = { name: 'fn', namespace: 'ns' };
  let clock: FakeClock;
  let provider: InMemoryFunctionProvider;
  let loads: Map<string, FunctionLoad>;
  let records: ScalingRecord[];
  let autoscaler: Autoscaler;

  beforeEach(async () => {
    clock = new FakeClock();
    provider = new InMemoryFunctionProvider();
    provider.maxInflight = 1_000;
    loads = new Map();
    records = [];
    const directory = new ReplicaDirectory();
    await provider.watch(directory.apply);
    autoscaler = new Autoscaler({ provider, directory, metrics: { measure: async () => loads }, clock, changed: (_id, record) => records.push(record) });
  });

  const deploy = (values: Record<string, string> = {}) => provider.apply(aFunction('fn', { labels: labels(values) }));
  const load = (rest: Partial<FunctionLoad>) => loads.set('fn.ns', { ...NOTHING, ...rest });
  const replicas = async () => (await provider.find(id))!.replicas;
  const seconds = async (count: number) => {
    for (let second = 0; second < count; second++) {
      clock.advance(1_000);
      await autoscaler.tick();
    }
  };

  describe('tick()', () => {
    it.each<[string, Record<string, string>, Partial<FunctionLoad>, number]>([
      ['calls a second, without a word', {}, { callsPerSecond: 100 }, 3],
      ['calls at a time', { type: 'capacity', target: '10' }, { concurrency: 30 }, 4],
      ['waiting calls', { type: 'queue', target: '10' }, { waiting: 30 }, 4],
      ['CPU', { type: 'cpu', target: '500' }, { cpuMillis: 1_000 }, 3],
      ['alerts: by nothing else', { type: 'alert' }, { callsPerSecond: 1_000 }, 1],
    ])('scales by %s', async (_name, values, measured, expected) => {
      await deploy(values);
      load(measured);
      await seconds(1);
      expect(await replicas()).toBe(expected);
    });

    it('looks at what nobody calls each time, and sees at once when that changes', async () => {
      await deploy();
      load({});
      await seconds(10);
      expect(autoscaler.story('fn.ns')).toMatchObject({ now: { at: '1970-01-01T00:00:10.000Z', reason: 'minimum', to: 1 }, changes: [] });
      load({ callsPerSecond: 90 });
      await seconds(1);
      expect(await replicas()).toBe(2);
      load({});
      await seconds(40);
      expect(await replicas()).toBe(1);
      await seconds(10);
      await provider.apply(aFunction('fn', { labels: labels({ min: '3' }) }));
      await seconds(1);
      expect(autoscaler.story('fn.ns')!.now).toMatchObject({ reason: 'minimum', to: 3, load: 0 });
      await autoscaler.alert('fn.ns', true);
      expect(await replicas()).toBe(7);
      await seconds(1);
      expect(autoscaler.story('fn.ns')!.now).toMatchObject({ reason: 'alert', to: 7 });
    });

    it('puts what nobody calls to sleep when its time has come', async () => {
      await deploy({ zero: 'true', 'zero-duration': '1m' });
      for (let second = 1; second < 60; second++) {
        load({ idleMs: second * 1_000 });
        await seconds(1);
      }
      expect(await replicas()).toBe(1);
      load({ idleMs: 60_000 });
      await seconds(1);
      expect(await replicas()).toBe(0);
      await seconds(1);
      await provider.scale(id, 1);
      await seconds(1);
      expect(autoscaler.story('fn.ns')!.changes[0]).toMatchObject({ reason: 'woken', to: 1 });
    });

    it('goes up at once and comes down gently, and tells', async () => {
      await deploy();
      load({ callsPerSecond: 360 });
      await seconds(1);
      expect(await replicas()).toBe(8);
      load({});
      await seconds(29);
      expect(await replicas()).toBe(8);
      await seconds(120);
      expect(await replicas()).toBe(1);
      expect(records.map(({ from, to, reason }) => [from, to, reason])).toEqual([
        [1, 8, 'load'],
        [8, 4, 'load'],
        [4, 2, 'load'],
        [2, 1, 'load'],
      ]);
      expect(records[0]).toMatchObject({ at: '1970-01-01T00:00:01.000Z', load: 360, ready: 1, formula: 'ceil(360 / (50 × 0.9)) = 8' });
    });

    it('does not take away at once what a person has just added', async () => {
      await deploy();
      load({});
      await seconds(100);
      await provider.scale(id, 10);
      await seconds(29);
      expect(await replicas()).toBe(10);
      await seconds(2);
      expect(await replicas()).toBe(5);
    });

    it('sends an idle function to sleep, and leaves it asleep', async () => {
      await deploy({ zero: 'true', 'zero-duration': '1m' });
      load({ idleMs: 60_000 });
      await seconds(1);
      expect(await replicas()).toBe(0);
      load({ callsPerSecond: 100 });
      await seconds(1);
      expect(await replicas()).toBe(0);
    });

    it('leaves awake what was woken by a call that is not measured yet, and remembers the waking', async () => {
      await deploy({ zero: 'true', 'zero-duration': '1m' });
      load({ idleMs: 3_600_000 });
      await seconds(1);
      expect(await replicas()).toBe(0);
      await provider.scale(id, 1);
      await seconds(59);
      expect(await replicas()).toBe(1);
      expect(autoscaler.story('fn.ns')!.changes).toMatchObject([{ from: 0, to: 1, reason: 'woken' }, { from: 1, to: 0, reason: 'idle' }]);
      await seconds(3);
      expect(await replicas()).toBe(0);
    });

    it('orders ever less often what is refused, and says so once', async () => {
      await deploy();
      load({ callsPerSecond: 100 });
      let orders = 0;
      provider.scale = async () => {
        orders++;
        throw new ShoalError('backend-unavailable', 'no engine');
      };
      await seconds(60);
      expect(orders).toBeLessThan(8);
      expect(records).toHaveLength(1);
      expect(autoscaler.story('fn.ns')!.changes).toHaveLength(1);
    });

    it('goes on with other functions while the provider does not answer for one', async () => {
      await deploy();
      await provider.apply(aFunction('other'));
      load({ callsPerSecond: 100 });
      loads.set('other.ns', { ...NOTHING, callsPerSecond: 100 });
      const scale = provider.scale.bind(provider);
      provider.scale = (of, count) => (of.name === 'fn' ? new Promise(() => undefined) : scale(of, count));
      await seconds(1);
      expect((await provider.find({ ...id, name: 'other' }))!.replicas).toBe(3);
      loads.set('other.ns', { ...NOTHING, callsPerSecond: 200 });
      await seconds(1);
      expect((await provider.find({ ...id, name: 'other' }))!.replicas).toBe(5);
    });

    it('waits while the function is updated', async () => {
      await deploy();
      load({ callsPerSecond: 100 });
      const directory = new ReplicaDirectory();
      directory.apply({ kind: 'present', state: { ...(await provider.find(id))!, updating: true } });
      const own = new Autoscaler({ provider, directory, metrics: { measure: async () => loads }, clock, changed: () => undefined });
      await own.tick();
      expect(await replicas()).toBe(1);
      expect(own.story('fn.ns')!.now).toMatchObject({ reason: 'updating' });
    });

    it('follows new labels', async () => {
      await deploy();
      load({ callsPerSecond: 100 });
      await seconds(1);
      await deploy({ max: '2' });
      await seconds(1);
      expect(await replicas()).toBe(2);
    });

    it('remembers a change that could not be ordered, and goes on with the other functions', async () => {
      await deploy();
      await provider.apply(aFunction('other'));
      loads.set('other.ns', { ...NOTHING, callsPerSecond: 100 });
      load({ callsPerSecond: 100 });
      const scale = provider.scale.bind(provider);
      provider.scale = async (of, count) => {
        if (of.name === 'fn') throw new ShoalError('backend-unavailable', 'no engine');
        await scale(of, count);
      };
      await seconds(1);
      expect(autoscaler.story('fn.ns')!.changes).toMatchObject([{ from: 1, to: 3, error: 'no engine' }]);
      expect((await provider.find({ ...id, name: 'other' }))!.replicas).toBe(3);
    });

    it('leaves alone what has labels that cannot be read, and says so', async () => {
      const bad = aFunction('fn');
      await provider.apply({ ...bad, labels: {} });
      const directory = new ReplicaDirectory();
      const strange = { ...(await provider.find(id))!, spec: { ...bad, labels: labels({ min: '-1' }) } };
      directory.apply({ kind: 'present', state: strange });
      const own = new Autoscaler({ provider, directory, metrics: { measure: async () => loads }, clock, changed: () => undefined });
      load({ callsPerSecond: 1_000 });
      await own.tick();
      expect(await replicas()).toBe(1);
      expect(own.story('fn.ns')).toMatchObject({ policy: undefined, problem: expect.stringContaining('com.openfaas.scale.min') });
    });

    it('rejects when nothing can be measured, and works again when it can', async () => {
      const directory = new ReplicaDirectory();
      let broken = true;
      const measure = async () => {
        if (broken) throw new ShoalError('backend-unavailable', 'no Prometheus');
        return loads;
      };
      const own = new Autoscaler({ provider, directory, metrics: { measure }, clock, changed: () => undefined });
      await expect(own.tick()).rejects.toMatchObject({ code: 'backend-unavailable' });
      broken = false;
      await own.tick();
    });
  });

  describe('alert()', () => {
    it('steps up while it fires, and back when it has ended', async () => {
      await deploy({ type: 'alert' });
      const seen: number[] = [];
      for (const firing of [true, true, false]) {
        await autoscaler.alert('fn.ns', firing);
        seen.push(await replicas());
      }
      expect(seen).toEqual([5, 9, 1]);
      expect(records.map(({ reason }) => reason)).toEqual(['alert', 'alert', 'alert']);
    });

    it('drives what has not chosen a driver, until it ends or is forgotten', async () => {
      await deploy();
      load({});
      await autoscaler.alert('fn.ns', true);
      await seconds(299);
      expect(await replicas()).toBe(5);
      await seconds(40);
      expect(await replicas()).toBeLessThan(5);
      await autoscaler.alert('fn.ns', true);
      await autoscaler.alert('fn.ns', false);
      expect(await replicas()).toBe(1);
      load({ callsPerSecond: 100 });
      await seconds(1);
      expect(await replicas()).toBe(3);
    });

    it('wakes a function that sleeps, and leaves it awake for its time', async () => {
      await deploy({ type: 'alert', zero: 'true', 'zero-duration': '1m', min: '0' });
      load({ idleMs: 3_600_000 });
      await autoscaler.alert('fn.ns', true);
      await seconds(59);
      expect(await replicas()).toBe(4);
    });

    it('does not fall below what the load needs when an alert has ended', async () => {
      await deploy();
      load({ callsPerSecond: 350 });
      await seconds(1);
      await autoscaler.alert('fn.ns', true);
      await seconds(2);
      await autoscaler.alert('fn.ns', false);
      expect(await replicas()).toBe(8);
    });

    it('leaves alone what has chosen another driver, and what is not there', async () => {
      await deploy({ type: 'rps' });
      await autoscaler.alert('fn.ns', true);
      await autoscaler.alert('nobody.ns', true);
      expect(await replicas()).toBe(1);
    });

    it('rejects when the change cannot be ordered', async () => {
      await deploy({ type: 'alert' });
      provider.scale = () => Promise.reject(new ShoalError('backend-unavailable', 'no engine'));
      await expect(autoscaler.alert('fn.ns', true)).rejects.toMatchObject({ code: 'backend-unavailable' });
    });
  });

  describe('story()', () => {
    it('tells the policy, the last look, and the latest changes first', async () => {
      await deploy({ max: '5' });
      load({ callsPerSecond: 90, concurrency: 2 });
      await seconds(2);
      const story = autoscaler.story('fn.ns')!;
      expect(story.policy).toMatchObject({ type: 'rps', max: 5 });
      expect(story.now).toMatchObject({ from: 2, to: 2, reason: 'steady', because: '90 calls a second need 2 replicas at 45 each, and it has 2 replicas' });
      expect(story.changes).toMatchObject([{ from: 1, to: 2 }]);
      expect(autoscaler.story('nobody.ns')).toBeUndefined();
    });

    it('keeps a bounded number of changes', async () => {
      await deploy({ type: 'alert' });
      for (let i = 0; i < MAX_REMEMBERED_CHANGES; i++) for (const firing of [true, false]) await autoscaler.alert('fn.ns', firing);
      expect(autoscaler.story('fn.ns')!.changes).toHaveLength(MAX_REMEMBERED_CHANGES);
    });
  });
});
