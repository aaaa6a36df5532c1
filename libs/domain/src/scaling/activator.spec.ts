import { ShoalError } from '../shared/errors';
import { FakeClock } from '../testing/fake-clock';
import { aFunction } from '../testing/function-spec';
import { InMemoryFunctionProvider } from '../testing/in-memory-function-provider';
import { Activator } from './activator';

describe('Activator.wake()', () => {
  const spec = aFunction('fn', { labels: { 'com.openfaas.scale.min': '0' } });

  it.each([
    ['0', 1],
    ['3', 3],
  ])('starts as many as the minimum says, one at least: %s', async (min, replicas) => {
    const provider = new InMemoryFunctionProvider();
    const fn = aFunction('fn', { labels: { 'com.openfaas.scale.min': min } });
    await provider.apply(fn);
    await provider.scale(fn.id, 0);
    await new Activator(provider, new FakeClock()).wake(fn);
    expect((await provider.find(fn.id))!.replicas).toBe(replicas);
  });

  it('after a refusal tells everybody at once, and orders ever less often', async () => {
    const clock = new FakeClock();
    const provider = new InMemoryFunctionProvider();
    let orders = 0;
    provider.scale = async () => {
      orders++;
      throw new ShoalError('backend-unavailable', 'no engine');
    };
    const activator = new Activator(provider, clock);
    const ordersAt: number[] = [];
    for (let ms = 0; ms < 4_000; ms += 50) {
      const before = orders;
      await expect(activator.wake(spec)).rejects.toThrow('no engine');
      if (orders > before) ordersAt.push(ms);
      clock.advance(50);
    }
    expect(ordersAt).toEqual([0, 250, 750, 1_750, 3_750]);
  });

  it('begins anew with another deployment of the function', async () => {
    const provider = new InMemoryFunctionProvider();
    let orders = 0;
    provider.scale = async () => {
      orders++;
      throw new Error('no');
    };
    const activator = new Activator(provider, new FakeClock());
    await expect(activator.wake(spec)).rejects.toThrow('no');
    await expect(activator.wake({ ...spec })).rejects.toThrow('no');
    expect(orders).toBe(2);
  });

  it('begins anew once an order was taken', async () => {
    const clock = new FakeClock();
    const provider = new InMemoryFunctionProvider();
    await provider.apply(spec);
    const scale = provider.scale.bind(provider);
    provider.scale = () => Promise.reject(new Error('not now'));
    const activator = new Activator(provider, clock);
    await expect(activator.wake(spec)).rejects.toThrow('not now');
    provider.scale = scale;
    clock.advance(250);
    await activator.wake(spec);
    await provider.scale(spec.id, 0);
    await activator.wake(spec);
    expect((await provider.find(spec.id))!.replicas).toBe(1);
  });
});
