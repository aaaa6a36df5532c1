import type { SecretStore } from '@shoal/domain/secrets/secret-store';

const value = (text: string) => new TextEncoder().encode(text);

/** What every `SecretStore` does. `read` is the test's own look at what a function would get. */
export function describeSecretStore(
  name: string,
  create: () => Promise<{ readonly store: SecretStore; read(namespace: string, name: string): Promise<string> }>,
): void {
  describe(`${name} as a SecretStore`, () => {
    it('lists names by namespace, sorted', async () => {
      const { store } = await create();
      await store.create('ns', 'b', value('2'));
      await store.create('ns', 'a.b-c', value('1'));
      await store.create('other', 'z', value('3'));
      await expect(store.list('ns')).resolves.toEqual(['a.b-c', 'b']);
      await expect(store.list('empty')).resolves.toEqual([]);
    });

    it('creates a name once, also when asked twice at a time', async () => {
      const { store, read } = await create();
      const results = await Promise.allSettled([store.create('ns', 'a', value('first')), store.create('ns', 'a', value('second'))]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect(results[1]).toMatchObject({ reason: { code: 'already-exists' } });
      await expect(read('ns', 'a')).resolves.toBe('first');
    });

    it('replaces a value', async () => {
      const { store, read } = await create();
      await store.create('ns', 'a', value('old'));
      await store.update('ns', 'a', value('new'));
      await expect(read('ns', 'a')).resolves.toBe('new');
    });

    it('rejects update and remove of what is not there', async () => {
      const { store } = await create();
      await expect(store.update('ns', 'a', value(''))).rejects.toMatchObject({ code: 'secret-not-found' });
      await expect(store.remove('ns', 'a')).rejects.toMatchObject({ code: 'secret-not-found' });
    });

    it('removes', async () => {
      const { store } = await create();
      await store.create('ns', 'a', value('x'));
      await store.remove('ns', 'a');
      await expect(store.list('ns')).resolves.toEqual([]);
    });
  });
}
