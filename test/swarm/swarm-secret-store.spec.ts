import { Engine } from '@shoal/adapters/swarm/engine';
import { resolveSecrets } from '@shoal/adapters/swarm/secret-versions';
import { MAX_SWARM_SECRET_BYTES, SwarmSecretStore } from '@shoal/adapters/swarm/swarm-secret-store';
import type { Service } from '@shoal/adapters/swarm/swarm-types';
import { describeSecretStore } from '../contracts/secret-store.contract';
import { eventually, runIn, runningTasks } from './containers';
import { BASE_IMAGE, describeOnEngine } from './describe-on-engine';

const DEFAULT_NAMESPACE = 'openfaas-fn';
const value = (text: string) => Buffer.from(text);
const functionLabels = (name: string) => ({ 'com.openfaas.function': name, 'com.openfaas.namespace': DEFAULT_NAMESPACE });

interface SwarmSecret {
  readonly ID: string;
  readonly Spec: { readonly Name: string; readonly Labels: Record<string, string> };
}

describeOnEngine('on a real swarm', ({ host }) => {
  const engine = new Engine(host);
  const store = new SwarmSecretStore(engine, DEFAULT_NAMESPACE);

  const swarmSecrets = () => engine.ask((docker) => docker.listSecrets() as unknown as Promise<SwarmSecret[]>);
  const swarmNames = async () => (await swarmSecrets()).map(({ Spec }) => Spec.Name).sort();
  const makeByHand = (name: string, labels: Record<string, string> = {}) =>
    engine.ask((docker) => docker.createSecret({ Name: name, Labels: labels, Data: value('by hand').toString('base64') }));
  const serviceOf = (name: string) => engine.ask((docker) => docker.getService(name).inspect() as Promise<Service>);

  /** Runs a service that is given the newest version of the secret. */
  async function runWith(secret: string, service: { name: string; labels?: Record<string, string>; namespace?: string; update?: object }): Promise<void> {
    const Secrets = [...(await resolveSecrets(engine, service.namespace ?? DEFAULT_NAMESPACE, [secret], DEFAULT_NAMESPACE))];
    const ContainerSpec = { Image: BASE_IMAGE, Command: ['sleep', '100000'], Secrets, Env: ['KEPT=1'], StopGracePeriod: 1_000_000 };
    await engine.ask((docker) =>
      docker.createService({
        Name: service.name,
        Labels: service.labels ?? functionLabels(service.name),
        TaskTemplate: { ContainerSpec, RestartPolicy: { Condition: 'none' } },
        Mode: { Replicated: { Replicas: 1 } },
        UpdateConfig: { Parallelism: 1, Order: 'start-first', ...service.update },
      } as object),
    );
  }

  /** What the one running replica of a service reads. */
  async function readIn(service: string, secret: string): Promise<string> {
    const [task] = await runningTasks(engine, service, 1);
    return runIn(engine, task!, 'cat', `/var/openfaas/secrets/${secret}`);
  }

  afterEach(async () => {
    const services = await engine.ask((docker) => docker.listServices());
    for (const { ID } of services) await engine.find((docker) => docker.getService(ID).remove());
    for (const { ID } of await swarmSecrets()) await engine.find((docker) => docker.getSecret(ID).remove());
  });

  describeSecretStore('SwarmSecretStore', async () => ({
    store,
    read: async (namespace, name) => {
      await runWith(name, { name: 'reader', namespace });
      return readIn('reader', name);
    },
  }));

  describe('SwarmSecretStore', () => {
    it('names Swarm secrets so that people know them, and the longest names too', async () => {
      const long = `${'long.'.repeat(50)}end`;
      await store.create(DEFAULT_NAMESPACE, 'db-password', value('1'));
      await store.create('team-a', 'db-password', value('2'));
      await store.create(DEFAULT_NAMESPACE, long, value('3'));
      await store.update(DEFAULT_NAMESPACE, 'db-password', value('4'));
      await store.update(DEFAULT_NAMESPACE, long, value('5'));
      expect(await swarmNames()).toEqual([
        'db-password',
        'db-password.v2',
        expect.stringMatching(/^(long\.){10,}.*\.[0-9a-f]{8}\.v2$/),
        expect.stringMatching(/^(long\.){10,}.*\.[0-9a-f]{8}$/),
        'team-a_db-password',
      ]);
      await expect(store.list(DEFAULT_NAMESPACE)).resolves.toEqual(['db-password', long]);
      await store.remove(DEFAULT_NAMESPACE, long);
      await store.remove(DEFAULT_NAMESPACE, 'db-password');
      expect(await swarmNames()).toEqual(['team-a_db-password']);
    });

    it('update() reaches a function that runs, and keeps the version before and no older one', async () => {
      await store.create(DEFAULT_NAMESPACE, 'a', value('one'));
      await runWith('a', { name: 'fn' });
      expect(await readIn('fn', 'a')).toBe('one');
      const before = await serviceOf('fn');

      await store.update(DEFAULT_NAMESPACE, 'a', value('two'));
      await eventually('the second value', async () => ((await readIn('fn', 'a')) === 'two' ? true : undefined));
      expect(await swarmNames()).toEqual(['a', 'a.v2']);
      await store.update(DEFAULT_NAMESPACE, 'a', value('three'));
      await eventually('the third value', async () => ((await readIn('fn', 'a')) === 'three' ? true : undefined));
      expect(await swarmNames()).toEqual(['a.v2', 'a.v3']);

      // Nothing else of the service has changed.
      const after = await serviceOf('fn');
      const secrets = (service: Service) => service.Spec.TaskTemplate.ContainerSpec!.Secrets!;
      expect(secrets(after)).toEqual([{ ...secrets(before)[0]!, SecretName: 'a.v3', SecretID: expect.not.stringMatching(secrets(before)[0]!.SecretID) }]);
      const { TaskTemplate } = after.Spec;
      expect({ ...after.Spec, TaskTemplate: { ...TaskTemplate, ContainerSpec: { ...TaskTemplate.ContainerSpec, Secrets: secrets(before) } } }).toEqual(before.Spec);
    });

    it('keeps what Swarm needs to take an update back', async () => {
      await store.create(DEFAULT_NAMESPACE, 'a', value('one'));
      await runWith('a', { name: 'fn', update: { FailureAction: 'pause', Monitor: 60_000_000_000 } });
      await runningTasks(engine, 'fn', 1);
      await store.update(DEFAULT_NAMESPACE, 'a', value('two'));
      await eventually('the second value', async () => ((await readIn('fn', 'a')) === 'two' ? true : undefined));
      await engine.ask(async (docker) => {
        const { Version, Spec } = (await docker.getService('fn').inspect()) as Service;
        return (await docker.getService('fn').update({ _query: { version: Version.Index, rollback: 'previous' }, _body: Spec })) as unknown;
      });
      await eventually('the first value again', async () => ((await readIn('fn', 'a')) === 'one' ? true : undefined));
    });

    it('update() survives others who change the same service at the same time', async () => {
      await store.create(DEFAULT_NAMESPACE, 'a', value('one'));
      await runWith('a', { name: 'fn' });
      let scaling = true;
      const rival = (async () => {
        for (let replicas = 0; scaling; replicas = 1 - replicas) {
          const { Version, Spec } = await serviceOf('fn');
          const options = { _query: { version: Version.Index }, _body: { ...Spec, Mode: { Replicated: { Replicas: replicas } } } };
          await engine.ask((docker) => docker.getService('fn').update(options) as Promise<unknown>).catch(() => undefined);
        }
      })();
      for (const text of ['two', 'three', 'four']) await store.update(DEFAULT_NAMESPACE, 'a', value(text));
      scaling = false;
      await rival;
      expect((await serviceOf('fn')).Spec.TaskTemplate.ContainerSpec!.Secrets![0]!.SecretName).toBe('a.v4');
    });

    it('two gateways that write at a time agree: one creates, and the newest value counts', async () => {
      const other = new SwarmSecretStore(new Engine(host), DEFAULT_NAMESPACE);
      const created = await Promise.allSettled([store, other].map((one, i) => one.create(DEFAULT_NAMESPACE, 'a', value(String(i)))));
      expect(created.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(created.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'already-exists', message: 'secret a exists already' } });
      await runWith('a', { name: 'fn' });
      await Promise.all([store, other].map((one, i) => one.update(DEFAULT_NAMESPACE, 'a', value(`new ${i}`))));
      const versions = (await swarmSecrets()).map(({ Spec }) => Spec.Labels['com.openfaas.secret.version']);
      expect(new Set(versions).size).toBe(versions.length);
      const [newest] = await resolveSecrets(engine, DEFAULT_NAMESPACE, ['a'], DEFAULT_NAMESPACE);
      expect(newest!.SecretName).toBe('a.v3');
      expect((await serviceOf('fn')).Spec.TaskTemplate.ContainerSpec!.Secrets![0]!.SecretID).toBe(newest!.SecretID);
    });

    it('takes a secret that was made by hand for one of its own', async () => {
      await makeByHand('old', { 'com.openfaas.owner': 'openfaas' });
      await expect(store.list(DEFAULT_NAMESPACE)).resolves.toEqual(['old']);
      await expect(store.create(DEFAULT_NAMESPACE, 'old', value('x'))).rejects.toMatchObject({ code: 'already-exists' });
      await runWith('old', { name: 'fn' });
      expect(await readIn('fn', 'old')).toBe('by hand');
      await store.update(DEFAULT_NAMESPACE, 'old', value('new'));
      await eventually('the new value', async () => ((await readIn('fn', 'old')) === 'new' ? true : undefined));
      expect(await swarmNames()).toEqual(['old', 'old.v2']);
    });

    it('leaves alone what is none of ours, and needs no name of it', async () => {
      await makeByHand('theirs');
      await makeByHand('a.v2', { other: 'label' });
      await expect(store.list(DEFAULT_NAMESPACE)).resolves.toEqual([]);
      await expect(store.remove(DEFAULT_NAMESPACE, 'theirs')).rejects.toMatchObject({ code: 'secret-not-found' });
      await store.create(DEFAULT_NAMESPACE, 'theirs', value('ours'));
      await store.create(DEFAULT_NAMESPACE, 'a', value('one'));
      await store.update(DEFAULT_NAMESPACE, 'a', value('two'));
      const names = await swarmNames();
      expect(names).toEqual(['a', expect.stringMatching(/^a\.[0-9a-f]{8}\.v2$/), 'a.v2', 'theirs', expect.stringMatching(/^theirs\.[0-9a-f]{8}$/)]);
      await store.remove(DEFAULT_NAMESPACE, 'theirs');
      await store.remove(DEFAULT_NAMESPACE, 'a');
      expect(await swarmNames()).toEqual(['a.v2', 'theirs']);
    });

    it('never touches a service that is no function, whose secret stays as long as it is used', async () => {
      await store.create(DEFAULT_NAMESPACE, 'a', value('one'));
      await runWith('a', { name: 'theirs', labels: { other: 'label' } });
      const { Version } = await serviceOf('theirs');
      for (const text of ['two', 'three']) await store.update(DEFAULT_NAMESPACE, 'a', value(text));
      expect((await serviceOf('theirs')).Version).toEqual(Version);
      expect(await readIn('theirs', 'a')).toBe('one');
      expect(await swarmNames()).toEqual(['a', 'a.v2', 'a.v3']);
      await expect(store.remove(DEFAULT_NAMESPACE, 'a')).rejects.toMatchObject({ code: 'in-use', message: expect.stringContaining('secret a is in use by service: theirs') });
      await expect(store.list(DEFAULT_NAMESPACE)).resolves.toEqual(['a']);
    });

    it('takes what Swarm can keep, and says what it cannot', async () => {
      await store.create(DEFAULT_NAMESPACE, 'a', Buffer.alloc(MAX_SWARM_SECRET_BYTES, 1));
      const tooLong = Buffer.alloc(MAX_SWARM_SECRET_BYTES + 1, 1);
      for (const write of [store.create(DEFAULT_NAMESPACE, 'b', tooLong), store.update(DEFAULT_NAMESPACE, 'a', tooLong)]) {
        await expect(write).rejects.toMatchObject({ code: 'invalid-request', message: expect.stringContaining('longer than 511999 bytes') });
      }
      await expect(store.create(DEFAULT_NAMESPACE, 'b', value(''))).rejects.toMatchObject({ code: 'invalid-request', message: expect.stringContaining('empty') });
      await expect(store.list(DEFAULT_NAMESPACE)).resolves.toEqual(['a']);
    });

    it('keeps any bytes', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      await store.create(DEFAULT_NAMESPACE, 'a', bytes);
      await runWith('a', { name: 'fn' });
      const [task] = await runningTasks(engine, 'fn', 1);
      expect((await runIn(engine, task!, 'base64', '-w0', '/var/openfaas/secrets/a')).trim()).toBe(bytes.toString('base64'));
      expect(await runIn(engine, task!, 'stat', '-c', '%a %u %g', '/var/openfaas/secrets/a')).toBe('444 0 0\n');
    });

    it('rejects with backend-unavailable where there is no engine', async () => {
      await expect(new SwarmSecretStore(new Engine('unix:///nowhere.sock'), 'ns').list('ns')).rejects.toMatchObject({ code: 'backend-unavailable' });
    });
  });

  describe('resolveSecrets()', () => {
    it('says which names are missing, and asks for nothing when none is named', async () => {
      await store.create('other', 'a', value('x'));
      await store.create(DEFAULT_NAMESPACE, 'b', value('x'));
      await expect(resolveSecrets(engine, DEFAULT_NAMESPACE, ['a', 'b', 'c'], DEFAULT_NAMESPACE)).rejects.toMatchObject({
        code: 'invalid-request',
        message: 'secrets: namespace openfaas-fn has no secret a, c',
      });
      await expect(resolveSecrets(new Engine('unix:///nowhere.sock'), 'ns', [], 'ns')).resolves.toEqual([]);
    });
  });
});
