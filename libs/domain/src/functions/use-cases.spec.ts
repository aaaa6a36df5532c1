import { Namespaces } from '../namespaces/namespaces';
import { Secrets } from '../secrets/secrets';
import { aFunction } from '../testing/function-spec';
import { InMemoryFunctionProvider } from '../testing/in-memory-function-provider';
import { InMemoryNamespaceStore } from '../testing/in-memory-namespace-store';
import { InMemorySecretStore } from '../testing/in-memory-secret-store';
import { Functions } from './functions';

const value = Uint8Array.of(1);

describe('the use cases of the control plane', () => {
  let functions: Functions;
  let secrets: Secrets;
  let namespaces: Namespaces;

  beforeEach(() => {
    const provider = new InMemoryFunctionProvider();
    const store = new InMemorySecretStore();
    namespaces = new Namespaces('ns', new InMemoryNamespaceStore(), provider, store);
    functions = new Functions(provider, namespaces, store);
    secrets = new Secrets(store, provider, namespaces);
  });

  const id = { name: 'fn', namespace: 'ns' };
  const other = (name: string) => ({ name, labels: { openfaas: '1' }, annotations: {} });

  describe('Functions', () => {
    it('deploys, and replaces what is there', async () => {
      await functions.deploy(aFunction('fn'));
      await functions.deploy(aFunction('fn', { image: 'other' }));
      await expect(functions.list('ns')).resolves.toMatchObject([{ spec: { image: 'other' } }]);
    });

    it('refuses a namespace that does not exist', async () => {
      await expect(functions.deploy(aFunction('fn', { namespace: 'nowhere' }))).rejects.toMatchObject({ code: 'invalid-request' });
    });

    it('refuses secrets that do not exist, and names them', async () => {
      await secrets.create('ns', 'here', value);
      await expect(functions.deploy(aFunction('fn', { secrets: ['here', 'gone'] }))).rejects.toThrow('secrets: gone not found');
    });

    it.each(['update', 'remove', 'scale', 'get'] as const)('rejects %s of an unknown function', async (method) => {
      const call = { update: () => functions.update(aFunction('fn')), remove: () => functions.remove(id), scale: () => functions.scale(id, 1), get: () => functions.get(id) };
      await expect(call[method]()).rejects.toMatchObject({ code: 'function-not-found' });
    });

    it('scales to what is asked for, within what is sane', async () => {
      await functions.deploy(aFunction('fn'));
      await functions.scale(id, 3);
      await expect(functions.get(id)).resolves.toMatchObject({ replicas: 3 });
      await expect(functions.scale(id, 1_001)).rejects.toMatchObject({ code: 'invalid-request' });
    });
  });

  describe('Secrets', () => {
    it('keeps a secret that a function uses, and says which', async () => {
      await secrets.create('ns', 'key', value);
      await functions.deploy(aFunction('fn', { secrets: ['key'] }));
      await expect(secrets.remove('ns', 'key')).rejects.toMatchObject({ code: 'in-use', message: expect.stringContaining('fn') });
      await functions.remove(id);
      await secrets.remove('ns', 'key');
      await expect(secrets.list('ns')).resolves.toEqual([]);
    });

    it('refuses values that are too long, and namespaces that do not exist', async () => {
      await expect(secrets.create('ns', 'key', new Uint8Array(512 * 1024 + 1))).rejects.toMatchObject({ code: 'invalid-request' });
      await expect(secrets.create('nowhere', 'key', value)).rejects.toMatchObject({ code: 'invalid-request' });
    });
  });

  describe('Namespaces', () => {
    it('has the default one, always', async () => {
      await expect(namespaces.names()).resolves.toEqual(['ns']);
      await expect(namespaces.remove('ns')).rejects.toMatchObject({ code: 'invalid-request' });
      await expect(namespaces.update(other('ns'))).rejects.toMatchObject({ code: 'invalid-request' });
    });

    it('creates one once, and lists all by name', async () => {
      await namespaces.create(other('z'));
      await namespaces.create(other('a'));
      await expect(namespaces.create(other('a'))).rejects.toMatchObject({ code: 'already-exists' });
      await expect(namespaces.names()).resolves.toEqual(['a', 'ns', 'z']);
    });

    it('asks for the mark', async () => {
      await expect(namespaces.create({ ...other('a'), labels: {} })).rejects.toThrow('labels.openfaas must be 1 or true');
    });

    it('keeps one that holds something', async () => {
      await namespaces.create(other('a'));
      await secrets.create('a', 'key', value);
      await expect(namespaces.remove('a')).rejects.toMatchObject({ code: 'in-use' });
      await secrets.remove('a', 'key');
      await namespaces.remove('a');
      await expect(namespaces.get('a')).rejects.toMatchObject({ code: 'namespace-not-found' });
    });
  });
});
