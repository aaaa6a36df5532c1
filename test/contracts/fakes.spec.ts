import { InMemoryFunctionProvider } from '@shoal/domain/testing/in-memory-function-provider';
import { InMemoryNamespaceStore } from '@shoal/domain/testing/in-memory-namespace-store';
import { InMemorySecretStore } from '@shoal/domain/testing/in-memory-secret-store';
import { describeFunctionProvider } from './function-provider.contract';
import { describeNamespaceStore } from './namespace-store.contract';
import { describeSecretStore } from './secret-store.contract';

describeFunctionProvider('InMemoryFunctionProvider', async () => new InMemoryFunctionProvider());
describeNamespaceStore('InMemoryNamespaceStore', async () => new InMemoryNamespaceStore());
describeSecretStore('InMemorySecretStore', async () => {
  const store = new InMemorySecretStore();
  return { store, read: async (namespace, name) => new TextDecoder().decode(store.valueOf(namespace, name)) };
});
