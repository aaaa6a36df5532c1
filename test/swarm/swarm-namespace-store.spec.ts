import { Engine } from '@shoal/adapters/swarm/engine';
import { SwarmNamespaceStore } from '@shoal/adapters/swarm/swarm-namespace-store';
import { describeNamespaceStore } from '../contracts/namespace-store.contract';
import { describeOnEngine } from './describe-on-engine';

describeOnEngine('on a real swarm', ({ host }) => {
  const engine = new Engine(host);
  const listConfigs = () => engine.ask((docker) => docker.listConfigs());

  afterEach(async () => {
    const configs = await listConfigs();
    await Promise.all(configs.map(({ ID }) => engine.find((docker) => docker.getConfig(ID).remove())));
  });

  describeNamespaceStore('SwarmNamespaceStore', async () => new SwarmNamespaceStore(engine));

  describe('SwarmNamespaceStore', () => {
    it('keeps labels and annotations of any text, and replaces all of them', async () => {
      const store = new SwarmNamespaceStore(engine);
      const full = { name: 'a', labels: { openfaas: '1', 'a=b, c': 'd="e"\n', empty: '' }, annotations: { 'com.example/note': 'ünïcode' } };
      await store.put(full);
      await expect(store.list()).resolves.toEqual([full]);
      const bare = { name: 'a', labels: { openfaas: 'true' }, annotations: {} };
      await store.put(bare);
      await expect(new SwarmNamespaceStore(engine).list()).resolves.toEqual([bare]);
    });

    it('tells apart the longest names there are', async () => {
      const store = new SwarmNamespaceStore(engine);
      const names = ['a', 'b'].map((end) => 'n'.repeat(62) + end);
      for (const name of names) await store.put({ name, labels: {}, annotations: {} });
      await store.remove(names[0]!);
      expect((await store.list()).map(({ name }) => name)).toEqual([names[1]]);
    });

    it('loses nothing when two gateways put the same name at a time', async () => {
      const stores = [new SwarmNamespaceStore(engine), new SwarmNamespaceStore(new Engine(host))];
      const puts = Array.from({ length: 6 }, (_, i) => stores[i % 2]!.put({ name: 'a', labels: { openfaas: '1', writer: String(i) }, annotations: {} }));
      await Promise.all(puts);
      await expect(stores[0]!.list()).resolves.toEqual([{ name: 'a', labels: { openfaas: '1', writer: expect.stringMatching(/^[0-5]$/) }, annotations: {} }]);
    });

    it('neither lists nor removes a config that is none of ours', async () => {
      const Labels = { 'com.openfaas.namespace': 'a' };
      await engine.ask((docker) => docker.createConfig({ Name: 'a', Labels, Data: Buffer.from('theirs').toString('base64') }));
      const store = new SwarmNamespaceStore(engine);
      await expect(store.list()).resolves.toEqual([]);
      await store.remove('a');
      expect((await listConfigs()).map(({ Spec }) => Spec!.Labels)).toEqual([Labels]);
    });

    it('rejects with backend-unavailable where there is no engine', async () => {
      await expect(new SwarmNamespaceStore(new Engine('unix:///nowhere.sock')).list()).rejects.toMatchObject({ code: 'backend-unavailable' });
    });
  });
});
