import type { NamespaceStore } from '@shoal/domain/namespaces/namespace-store';

const namespace = (name: string, labels = {}) => ({ name, labels, annotations: {} });

/** What every `NamespaceStore` does. */
export function describeNamespaceStore(name: string, create: () => Promise<NamespaceStore>): void {
  describe(`${name} as a NamespaceStore`, () => {
    it('lists what was put, sorted, the latest of each name', async () => {
      const store = await create();
      await store.put(namespace('b'));
      await store.put(namespace('a'));
      await store.put(namespace('b', { openfaas: '1' }));
      await expect(store.list()).resolves.toEqual([namespace('a'), namespace('b', { openfaas: '1' })]);
    });

    it('removes, and is content when there is nothing to remove', async () => {
      const store = await create();
      await store.put(namespace('a'));
      await store.remove('a');
      await store.remove('a');
      await expect(store.list()).resolves.toEqual([]);
    });

    it('loses nothing when put to at the same time', async () => {
      const store = await create();
      const names = ['a', 'b', 'c', 'd', 'e'];
      await Promise.all(names.map((one) => store.put(namespace(one))));
      expect((await store.list()).map((one) => one.name)).toEqual(names);
    });
  });
}
