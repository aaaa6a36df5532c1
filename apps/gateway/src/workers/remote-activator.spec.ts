import { aFunction } from '@shoal/domain/testing/function-spec';
import type { FromWorker } from './messages';
import { RemoteActivator } from './remote-activator';

describe('RemoteActivator.wake()', () => {
  it('asks once for all that call, and again when it has been answered', async () => {
    const told: FromWorker[] = [];
    const activator = new RemoteActivator((message) => told.push(message));
    const calls = [1, 2].map(() => activator.wake(aFunction('fn')));
    const other = activator.wake(aFunction('other'));
    expect(told).toEqual([
      { kind: 'wake', order: 1, key: 'fn.ns' },
      { kind: 'wake', order: 2, key: 'other.ns' },
    ]);
    activator.settle(1, undefined);
    await Promise.all(calls);
    activator.settle(2, { code: 'backend-unavailable', message: 'nobody there', facts: { retryAfterSeconds: 1 } });
    await expect(other).rejects.toMatchObject({ name: 'ShoalError', code: 'backend-unavailable', message: 'nobody there', facts: { retryAfterSeconds: 1 } });
    void activator.wake(aFunction('fn'));
    expect(told.at(-1)).toEqual({ kind: 'wake', order: 3, key: 'fn.ns' });
  });
});
