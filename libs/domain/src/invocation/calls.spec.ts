import { Activator } from '../scaling/activator';
import { ShoalError } from '../shared/errors';
import { FakeClock } from '../testing/fake-clock';
import { aFunction } from '../testing/function-spec';
import { InMemoryFunctionProvider } from '../testing/in-memory-function-provider';
import type { CallOutcome } from './call-observer';
import { Call, Calls, MAX_WAITING_CALLS, type Exchange } from './calls';
import { ReplicaDirectory } from './replica-directory';

const LIMIT_MS = 60_000;
const id = { name: 'fn', namespace: 'ns' };
const answers200: Exchange = async () => 200;

/** An exchange that goes on until the test ends it. */
function openExchange() {
  const ends: (() => void)[] = [];
  const exchange: Exchange = () => new Promise((resolve) => ends.push(() => resolve(200)));
  return { exchange, ends };
}

describe('Calls.run()', () => {
  let clock: FakeClock;
  let provider: InMemoryFunctionProvider;
  let calls: Calls;
  let started: number;
  let outcomes: CallOutcome[];

  beforeEach(async () => {
    clock = new FakeClock();
    provider = new InMemoryFunctionProvider();
    started = 0;
    outcomes = [];
    const directory = new ReplicaDirectory();
    await provider.watch(directory.apply);
    const observer = { started: () => void started++, ended: (_key: string, outcome: CallOutcome) => void outcomes.push(outcome) };
    calls = new Calls(directory, new Activator(provider, clock), observer, clock);
  });

  const run = (exchange: Exchange = answers200, call = new Call(clock, LIMIT_MS)) => calls.run(id, call, exchange);
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('hands the call a ready replica', async () => {
    await provider.apply(aFunction('fn'));
    const exchange = jest.fn(answers200);
    await run(exchange);
    expect(exchange.mock.calls[0]![0]).toMatchObject({ id: 'r1' });
    expect(outcomes).toEqual([200]);
  });

  it('rejects an unknown function, and does not count it', async () => {
    await expect(run()).rejects.toMatchObject({ code: 'function-not-found' });
    expect(started).toBe(0);
  });

  it('wakes a sleeping function once, whoever calls', async () => {
    await provider.apply(aFunction('fn', { labels: { 'com.openfaas.scale.min': '0' } }));
    await Promise.all(Array.from({ length: 100 }, () => run()));
    expect(provider.scaleOrders).toBe(1);
    expect(outcomes).toEqual(new Array(100).fill(200));
  });

  it('gives each freed place to who has waited longest', async () => {
    await provider.apply(aFunction('fn'));
    const order: number[] = [];
    const { exchange, ends } = openExchange();
    const first = run(exchange);
    const others = [1, 2, 3].map((n) =>
      run(async () => {
        order.push(n);
        return 200;
      }),
    );
    await settled();
    expect(order).toEqual([]);
    ends[0]!();
    await Promise.all([first, ...others]);
    expect(order).toEqual([1, 2, 3]);
  });

  it('lets no newcomer overtake who waits', async () => {
    await provider.apply(aFunction('fn'));
    const order: string[] = [];
    const { exchange, ends } = openExchange();
    const note = (name: string): Exchange => async () => {
      order.push(name);
      return 200;
    };
    const first = run(exchange).then(() => run(note('newcomer')));
    const waiting = run(note('waiting'));
    ends[0]!();
    await Promise.all([first, waiting]);
    expect(order).toEqual(['waiting', 'newcomer']);
  });

  it('refuses a call when too many wait', async () => {
    await provider.apply(aFunction('fn'));
    const { exchange, ends } = openExchange();
    const accepted = [run(exchange), ...Array.from({ length: MAX_WAITING_CALLS }, () => run())];
    await expect(run()).rejects.toMatchObject({ code: 'over-capacity', facts: { retryAfterSeconds: 1 } });
    ends[0]!();
    await Promise.all(accepted);
    expect(started).toBe(outcomes.length);
  });

  it('gives up a wait for room with over-capacity', async () => {
    await provider.apply(aFunction('fn'));
    const { exchange, ends } = openExchange();
    const first = run(exchange);
    const second = run();
    await settled();
    clock.advance(LIMIT_MS);
    await expect(second).rejects.toMatchObject({ code: 'over-capacity' });
    ends[0]!();
    await first;
  });

  it('gives up a wait for a replica that never comes with not-ready-in-time', async () => {
    await provider.apply(aFunction('fn', { labels: { 'com.openfaas.scale.min': '0' } }));
    provider.scale = async () => undefined;
    const call = run();
    await settled();
    clock.advance(LIMIT_MS);
    await expect(call).rejects.toMatchObject({ code: 'not-ready-in-time', facts: { limitMs: LIMIT_MS } });
  });

  it("tells who waits the backend's reason at once", async () => {
    provider.failWith = 'no such image';
    await provider.apply(aFunction('fn', { labels: { 'com.openfaas.scale.min': '0' } }));
    await expect(run()).rejects.toMatchObject({ code: 'not-ready', message: 'function fn.ns is not ready: no such image' });
  });

  it('rejects who waits when waking fails, and tries again for the next', async () => {
    await provider.apply(aFunction('fn', { labels: { 'com.openfaas.scale.min': '0' } }));
    const scale = provider.scale.bind(provider);
    provider.scale = async () => {
      throw new ShoalError('backend-unavailable', 'it is away');
    };
    await expect(run()).rejects.toMatchObject({ code: 'not-ready', message: expect.stringContaining('it is away') });
    provider.scale = scale;
    clock.advance(1_000);
    await expect(run()).resolves.toBeUndefined();
  });

  it('wakes a function again that falls asleep while somebody waits', async () => {
    await provider.apply(aFunction('fn'));
    const { exchange, ends } = openExchange();
    const running = run(exchange);
    const waiting = run();
    await provider.scale(id, 0);
    await expect(waiting).resolves.toBeUndefined();
    expect((await provider.find(id))!.replicas).toBe(1);
    for (const end of ends) end();
    await running;
  });

  it('rejects who waits when the function is removed', async () => {
    await provider.apply(aFunction('fn'));
    const { exchange, ends } = openExchange();
    const first = run(exchange);
    const second = run();
    await settled();
    await provider.remove(id);
    await expect(second).rejects.toMatchObject({ code: 'function-not-found' });
    ends[0]!();
    await first;
  });

  it('rejects a call at once whose replica refuses it when the function is gone', async () => {
    await provider.apply(aFunction('fn'));
    const refuses: Exchange = async () => {
      await provider.remove(id);
      throw new ShoalError('replica-unreachable', 'it refuses');
    };
    await expect(run(refuses)).rejects.toMatchObject({ code: 'function-not-found' });
  });

  it('gives up the place of a caller who leaves', async () => {
    await provider.apply(aFunction('fn'));
    const { exchange, ends } = openExchange();
    const first = run(exchange);
    const leaving = new Call(clock, LIMIT_MS);
    const second = run(answers200, leaving);
    const third = run();
    await settled();
    leaving.cancel();
    await expect(second).rejects.toMatchObject({ code: 'client-closed' });
    ends[0]!();
    await Promise.all([first, third]);
    expect(outcomes).toEqual(['client-closed', 200, 200]);
  });

  it('tries another replica when one cannot be reached', async () => {
    await provider.apply(aFunction('fn', { labels: { 'com.openfaas.scale.min': '2' } }));
    const tried: string[] = [];
    await run(async (replica) => {
      tried.push(replica.id);
      if (tried.length === 1) throw new ShoalError('replica-unreachable', 'refused');
      return 200;
    });
    expect(new Set(tried).size).toBe(2);
    expect(outcomes).toEqual([200]);
  });

  it('never sends a call again that a replica has had', async () => {
    await provider.apply(aFunction('fn', { labels: { 'com.openfaas.scale.min': '2' } }));
    const exchange = jest.fn<Promise<number>, []>().mockRejectedValue(new ShoalError('replica-failed', 'broke off'));
    await expect(run(exchange)).rejects.toMatchObject({ code: 'replica-failed' });
    expect(exchange).toHaveBeenCalledTimes(1);
    expect(outcomes).toEqual(['replica-failed']);
  });

  it('tries all replicas, until one can be reached', async () => {
    await provider.apply(aFunction('fn', { labels: { 'com.openfaas.scale.min': '6' } }));
    const tried = new Set<string>();
    await run(async (replica) => {
      tried.add(replica.id);
      if (tried.size < 6) throw new ShoalError('replica-unreachable', 'refused');
      return 200;
    });
    expect(outcomes).toEqual([200]);
  });

  it('gives up on replicas that cannot be reached when its time is over, and not before', async () => {
    await provider.apply(aFunction('fn', { labels: { 'com.openfaas.scale.min': '2' } }));
    const exchange = jest.fn<Promise<number>, []>().mockRejectedValue(new ShoalError('replica-unreachable', 'refused'));
    const call = run(exchange, new Call(clock, 2_500));
    for (const [passMs, tries] of [[0, 2], [1_000, 4], [1_000, 6]] as const) {
      clock.advance(passMs);
      await settled();
      expect(exchange).toHaveBeenCalledTimes(tries);
    }
    clock.advance(500);
    await expect(call).rejects.toMatchObject({ code: 'replica-unreachable', message: 'refused' });
    expect(exchange).toHaveBeenCalledTimes(6);
  });

  it('trusts a replica again that refused, after a while', async () => {
    await provider.apply(aFunction('fn'));
    let refusals = 0;
    const call = run(async () => {
      if (refusals++ === 0) throw new ShoalError('replica-unreachable', 'refused');
      return 200;
    });
    await settled();
    expect(outcomes).toEqual([]);
    clock.advance(1_000);
    await call;
    expect(outcomes).toEqual([200]);
  });

  it('says how long a call waited', async () => {
    await provider.apply(aFunction('fn'));
    const { exchange, ends } = openExchange();
    const first = run(exchange);
    const call = new Call(clock, LIMIT_MS);
    const second = run(answers200, call);
    await settled();
    clock.advance(250);
    ends[0]!();
    await Promise.all([first, second]);
    expect(call).toMatchObject({ queuedMs: 250, wokenMs: 0 });
  });
});
