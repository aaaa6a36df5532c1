import { ReplicaDirectory } from '../invocation/replica-directory';
import { FakeClock } from '../testing/fake-clock';
import { aFunction } from '../testing/function-spec';
import { InMemoryFunctionProvider } from '../testing/in-memory-function-provider';
import { IdleSleeper } from './idle-sleeper';

const sleepy = { 'com.openfaas.scale.zero': 'true', 'com.openfaas.scale.zero-duration': '1m' };

describe('IdleSleeper.tick()', () => {
  let clock: FakeClock;
  let provider: InMemoryFunctionProvider;
  let sleeper: IdleSleeper;

  beforeEach(async () => {
    clock = new FakeClock();
    provider = new InMemoryFunctionProvider();
    const directory = new ReplicaDirectory();
    await provider.watch(directory.apply);
    sleeper = new IdleSleeper(provider, directory, clock);
  });

  const replicas = async () => (await provider.find({ name: 'fn', namespace: 'ns' }))!.replicas;

  it('puts a function to sleep that nobody ever called', async () => {
    await provider.apply(aFunction('fn', { labels: sleepy }));
    await sleeper.tick();
    clock.advance(59_999);
    await sleeper.tick();
    expect(await replicas()).toBe(1);
    clock.advance(1);
    await sleeper.tick();
    expect(await replicas()).toBe(0);
  });

  it('counts from the end of the last call, and leaves a running one alone', async () => {
    await provider.apply(aFunction('fn', { labels: sleepy }));
    sleeper.started('fn.ns');
    clock.advance(600_000);
    await sleeper.tick();
    expect(await replicas()).toBe(1);
    sleeper.ended('fn.ns');
    clock.advance(59_999);
    await sleeper.tick();
    expect(await replicas()).toBe(1);
    clock.advance(1);
    await sleeper.tick();
    expect(await replicas()).toBe(0);
  });

  it('leaves alone what did not ask for it', async () => {
    await provider.apply(aFunction('fn'));
    await sleeper.tick();
    clock.advance(10 * 3_600_000);
    await sleeper.tick();
    expect(await replicas()).toBe(1);
  });
});
