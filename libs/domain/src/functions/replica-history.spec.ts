import { FakeClock } from '../testing/fake-clock';
import { aFunction } from '../testing/function-spec';
import { InMemoryFunctionProvider } from '../testing/in-memory-function-provider';
import { ReplicaHistory } from './replica-history';

const MINUTE_MS = 60_000;

describe('ReplicaHistory', () => {
  const start = async () => {
    const clock = new FakeClock();
    const provider = new InMemoryFunctionProvider();
    const history = new ReplicaHistory(clock);
    await provider.watch(history.apply);
    await provider.apply(aFunction('f'));
    const { id } = aFunction('f');
    return { clock, provider, history, id };
  };

  it('has each change of what is asked for and of what is ready, and none twice', async () => {
    const { clock, provider, history, id } = await start();
    clock.advance(1_000);
    await provider.scale(id, 3);
    clock.advance(1_000);
    await provider.scale(id, 3);
    provider.failWith = 'no room';
    await provider.scale(id, 4);
    expect(history.of('f.ns')).toEqual([
      { atMs: 0, wanted: 1, ready: 1 },
      { atMs: 1_000, wanted: 3, ready: 3 },
      { atMs: 2_000, wanted: 4, ready: 3 },
    ]);
  });

  it('begins with how it was when the window began', async () => {
    const { clock, provider, history, id } = await start();
    clock.advance(MINUTE_MS);
    await provider.scale(id, 2);
    clock.advance(11 * MINUTE_MS);
    await provider.scale(id, 3);
    expect(history.of('f.ns')).toEqual([
      { atMs: 2 * MINUTE_MS, wanted: 2, ready: 2 },
      { atMs: 12 * MINUTE_MS, wanted: 3, ready: 3 },
    ]);
  });

  it('forgets what is old without being asked, and a function that is gone at once', async () => {
    const { clock, provider, history, id } = await start();
    const held = () => (history as unknown as { functions: Map<string, unknown[]> }).functions.get('f.ns')?.length;
    for (let replicas = 2; replicas < 600; replicas++) await provider.scale(id, replicas);
    expect(held()).toBe(500);
    clock.advance(21 * MINUTE_MS);
    expect(held()).toBe(1);
    expect(history.of('f.ns')).toEqual([{ atMs: 11 * MINUTE_MS, wanted: 599, ready: 599 }]);
    await provider.remove(id);
    expect([held(), history.of('f.ns')]).toEqual([undefined, []]);
  });
});
