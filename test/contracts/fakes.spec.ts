import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { InMemoryFunctionProvider } from '@shoal/domain/testing/in-memory-function-provider';
import { InMemoryInvocationQueue } from '@shoal/domain/testing/in-memory-invocation-queue';
import { InMemoryNamespaceStore } from '@shoal/domain/testing/in-memory-namespace-store';
import { InMemorySecretStore } from '@shoal/domain/testing/in-memory-secret-store';
import { describeFunctionProvider } from './function-provider.contract';
import { describeInvocationQueue } from './invocation-queue.contract';
import { describeNamespaceStore } from './namespace-store.contract';
import { describeSecretStore } from './secret-store.contract';

describeFunctionProvider('InMemoryFunctionProvider', async () => new InMemoryFunctionProvider());
describeNamespaceStore('InMemoryNamespaceStore', async () => new InMemoryNamespaceStore());
describeSecretStore('InMemorySecretStore', async () => {
  const store = new InMemorySecretStore();
  return { store, read: async (namespace, name) => new TextDecoder().decode(store.valueOf(namespace, name)) };
});
describeInvocationQueue('InMemoryInvocationQueue', async (settings) => {
  const clock = new FakeClock();
  clock.advance(1_700_000_000_000);
  const queue = new InMemoryInvocationQueue({ clock, ...settings });
  return { queue, nowMs: () => clock.nowMs(), pass: async (ms) => clock.advance(ms), dispose: () => queue.close() };
});
