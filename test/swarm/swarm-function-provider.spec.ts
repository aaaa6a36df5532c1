import { Engine } from '@shoal/adapters/swarm/engine';
import { SwarmFunctionProvider, type SwarmProviderOptions } from '@shoal/adapters/swarm/swarm-function-provider';
import type { Service, Task } from '@shoal/adapters/swarm/swarm-types';
import type { FunctionState } from '@shoal/domain/functions/function-provider';
import type { FunctionSpecInput } from '@shoal/domain/functions/function-spec';
import { aFunction } from '@shoal/domain/testing/function-spec';
import type Docker from 'dockerode';
import { describeFunctionProvider, stateOf } from '../contracts/function-provider.contract';
import { BASE_IMAGE, describeOnEngine, WATCHDOG_IMAGE } from './describe-on-engine';

describeOnEngine('on a real swarm', ({ host, network }) => {
  const engine = new Engine(host);
  const id = { name: 'fn', namespace: 'ns' };
  const providers: SwarmFunctionProvider[] = [];

  async function startProvider(options: Partial<SwarmProviderOptions> = {}): Promise<SwarmFunctionProvider> {
    const provider = new SwarmFunctionProvider(engine, { defaultNamespace: 'ns', network, callTimeoutMs: 5_000, silenceMs: 500, warn: () => undefined, replicaFailed: () => undefined, ...options });
    providers.push(provider);
    await provider.start();
    return provider;
  }
  const classic = (rest: Partial<FunctionSpecInput> = {}) => aFunction('fn', { image: WATCHDOG_IMAGE, envProcess: 'cat', ...rest });
  const ready = (provider: SwarmFunctionProvider, count = 1) => stateOf(provider, (state) => state.ready.length === count);
  const failing = (provider: SwarmFunctionProvider, reason: RegExp) => stateOf(provider, (state) => reason.test(state.notReadyBecause ?? ''));
  const call = async (state: FunctionState, body = '') => (await fetch(`${state.ready[0]!.baseUrl}/`, { method: 'POST', body })).text();
  const running = (script: string) => ({ Image: BASE_IMAGE, Cmd: ['node', '-e', script] });
  const waitUntil = async (condition: () => boolean | Promise<boolean>) => {
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const inspect = (name: string) => engine.ask((docker) => docker.getService(name).inspect() as Promise<Service>);

  async function makeImage(name: string, options: Docker.ContainerCreateOptions): Promise<void> {
    const container = await engine.ask((docker) => docker.createContainer(options));
    await container.commit({ repo: name, tag: 'latest' });
    await container.remove();
  }

  async function containerOf(taskId: string): Promise<Docker.Container> {
    const task = await engine.ask((docker) => docker.getTask(taskId).inspect() as Promise<Task>);
    return engine.docker.getContainer(task.Status.ContainerStatus!.ContainerID!);
  }

  /** When a container wrote a line, by the engine's clock. */
  async function lineTime(taskId: string, line: RegExp): Promise<number> {
    const containers = await engine.ask((docker) => docker.listContainers({ filters: { label: [`com.docker.swarm.task.id=${taskId}`] } }));
    const log = (await engine.docker.getContainer(containers[0]!.Id).logs({ stdout: true, stderr: true, timestamps: true })).toString();
    return Date.parse(/\d{4}-\S+Z/.exec(log.split('\n').find((text) => line.test(text))!)![0]);
  }

  beforeAll(async () => {
    await makeImage('checked', { Image: WATCHDOG_IMAGE, Healthcheck: { Test: ['CMD', 'fwatchdog', '-run-healthcheck'], Interval: 5_000_000_000 } });
    await makeImage('deaf', running('setInterval(() => undefined, 1e6)'));
    // The contract's functions name images after themselves.
    for (const name of ['fn', 'a', 'b', 'c']) await engine.ask((docker) => docker.getImage(WATCHDOG_IMAGE).tag({ repo: name, tag: 'latest' }));
  });
  afterEach(async () => {
    for (const provider of providers.splice(0)) await provider.stop();
    const services = await engine.ask((docker) => docker.listServices());
    await Promise.all(services.map(({ ID }) => engine.find((docker) => docker.getService(ID).remove())));
  });

  describeFunctionProvider('SwarmFunctionProvider', () => startProvider());

  describe('SwarmFunctionProvider', () => {
    it('runs a function, whose answer comes from the replica itself', async () => {
      const provider = await startProvider();
      await provider.apply(classic());
      expect(await call(await ready(provider), 'hello')).toBe('hello');
    });

    it('reads back what was deployed, and replaces all of it, what is left out too', async () => {
      const full = classic({
        envVars: { A: '1', exec_timeout: '3s' },
        constraints: ['node.role == manager'],
        labels: { team: 'a', 'com.openfaas.scale.max': '3' },
        annotations: { topic: 'cron', note: 'two\nlines' },
        limits: { memory: '128Mi', cpu: '500m' },
        requests: { memory: '64m', cpu: '0.1' },
        readOnlyRootFilesystem: true,
      });
      const provider = await startProvider();
      await provider.apply(full);
      expect((await provider.find(id))!.spec).toEqual(full);
      expect((await inspect('fn')).Spec).toMatchObject({
        Labels: { 'com.openfaas.function': 'fn', team: 'a', 'com.openfaas.annotations.topic': 'cron' },
        TaskTemplate: {
          ContainerSpec: { ReadOnly: true, Mounts: [{ Type: 'tmpfs', Target: '/tmp' }], StopGracePeriod: 10_000_000_000 },
          Resources: { Limits: { MemoryBytes: 128 * 2 ** 20, NanoCPUs: 500_000_000 }, Reservations: { MemoryBytes: 64 * 2 ** 20, NanoCPUs: 100_000_000 } },
        },
      });
      await ready(provider);
      const bare = classic();
      await provider.apply(bare);
      expect((await provider.find(id))!.spec).toEqual(bare);
      expect((await inspect('fn')).Spec.TaskTemplate).toMatchObject({ Resources: { Limits: {}, Reservations: {} }, Placement: {} });
    });

    it('knows everything again in another process, and functions of other makers', async () => {
      const first = await startProvider();
      await first.apply(classic({ labels: { a: 'b' } }));
      const before = await ready(first);
      await first.stop();
      await engine.ask((docker) => docker.createService({ Name: 'old', Labels: { 'com.openfaas.function': 'old' }, TaskTemplate: { ContainerSpec: { Image: WATCHDOG_IMAGE, Env: ['fprocess=cat'] }, Networks: [{ Target: network }] }, Mode: { Replicated: { Replicas: 0 } } }));
      const second = await startProvider();
      expect(await ready(second)).toEqual(before);
      await expect(second.find({ name: 'old', namespace: 'ns' })).resolves.toMatchObject({ spec: { envProcess: 'cat' }, replicas: 0 });
    });

    it('never sees nor touches a service that is none of ours', async () => {
      await engine.ask((docker) => docker.createService({ Name: 'fn', TaskTemplate: { ContainerSpec: { Image: BASE_IMAGE, Command: ['sleep', '1000'] } } }));
      const provider = await startProvider();
      await expect(provider.list('ns')).resolves.toEqual([]);
      await expect(provider.scale(id, 0)).rejects.toMatchObject({ code: 'function-not-found' });
      await provider.remove(id);
      await expect(provider.apply(classic())).rejects.toMatchObject({ code: 'already-exists', message: expect.stringContaining('a service fn that is not function fn.ns') });
      expect((await inspect('fn')).Spec.TaskTemplate.ContainerSpec!.Image).toBe(BASE_IMAGE);
    });

    it.each([
      ['an image that is not there', { image: 'shoal-test/no-such-image:1' }, /No such image: shoal-test\/no-such-image:1/],
      ['a constraint that no node meets', { constraints: ['node.labels.zone == moon'] }, /no suitable node \(scheduling constraints not satisfied on 1 node\)/],
      ['a reservation that no node has', { requests: { memory: '900Gi' } }, /no suitable node \(insufficient resources on 1 node\)/],
      ['a process that ends', { envProcess: 'no-such-program', envVars: { mode: 'http', upstream_url: 'nonsense' } }, /its process ended with exit code 1; its last lines: .*upstream_url/],
      ['a program that listens nowhere', { image: 'deaf' }, /cannot be called at port 8080 on network functions: nothing listens at its port/],
      ['a memory limit below what a container needs', { limits: { memory: '5Mi' } }, /[Mm]inimum memory limit allowed is 6MB/],
    ])('says why it does not run: %s', async (_name, rest, reason) => {
      const provider = await startProvider();
      await provider.apply(classic(rest));
      await failing(provider, reason);
    });

    it.each([
      ['a limit below the floor of Swarm', { limits: { memory: '1Mi' } }, /invalid memory value 1048576: Must be at least 4MiB/],
      ['a constraint that is none', { constraints: ['zone'] }, /constraints\[0\] must be KEY==VALUE/],
      ['a network that is not there', { network: 'nowhere' }, /the swarm has no network nowhere with the label openfaas/],
      ['a label of ours', { labels: { 'com.openfaas.function': 'other' } }, /labels.com.openfaas.function/],
      ['an image that is no name', { image: 'UPPER/Case' }, /UPPER|lowercase|reference/],
    ])('refuses %s, and leaves nothing half made', async (_name, rest, reason) => {
      const provider = await startProvider();
      await expect(provider.apply(classic(rest))).rejects.toMatchObject({ code: 'invalid-request', message: expect.stringMatching(reason) });
      await expect(provider.find(id)).resolves.toBeUndefined();
      await expect(engine.ask((docker) => docker.listServices())).resolves.toEqual([]);
    });

    it('says that an update waits for a node, while the version before goes on', async () => {
      const provider = await startProvider();
      await provider.apply(classic());
      const before = await ready(provider);
      await provider.apply(classic({ constraints: ['node.labels.zone == moon'] }));
      const stuck = await failing(provider, /^the update waits: no suitable node/);
      expect([stuck.updating, stuck.ready]).toEqual([true, before.ready]);
    });

    it('lets a function join a network that says so, and no other', async () => {
      const join = (name: string, labels: Record<string, string>) => engine.ask((docker) => docker.createNetwork({ Name: name, Driver: 'overlay', Labels: labels }));
      const [open, closed] = [await join('open-to-functions', { openfaas: 'join' }), await join('closed', {})];
      try {
        const provider = await startProvider();
        await expect(provider.apply(classic({ network: 'closed' }))).rejects.toMatchObject({ code: 'invalid-request' });
        await provider.apply(classic({ network: 'open-to-functions' }));
        expect(await call(await ready(provider), 'hello')).toBe('hello');
        expect((await inspect('fn')).Spec.TaskTemplate.Networks).toHaveLength(2);
        await provider.remove(id);
      } finally {
        await waitUntil(async () => (await engine.ask((docker) => docker.listContainers({ filters: { network: ['open-to-functions'] } }))).length === 0);
        await Promise.all([open, closed].map((one) => engine.ask((docker) => docker.getNetwork(one.id).remove() as Promise<unknown>)));
      }
    });

    it('has a writable /tmp where the root is read-only', async () => {
      const provider = await startProvider();
      await provider.apply(classic({ envProcess: 'sh -c touch${IFS}/tmp/a&&(touch${IFS}/a||echo${IFS}no)', readOnlyRootFilesystem: true }));
      expect(await call(await ready(provider))).toMatch(/Read-only file system[^]*no/);
    });

    it('sees what is changed by hand: another name, and no function any more', async () => {
      const provider = await startProvider();
      await provider.apply(classic());
      await ready(provider);
      const relabel = async (labels: Record<string, string>) => {
        const { ID, Version, Spec } = await inspect('fn');
        await engine.ask((docker) => docker.getService(ID).update({ _query: { version: Version.Index }, _body: { ...Spec, Labels: labels } }) as Promise<unknown>);
      };
      await relabel({ 'com.openfaas.function': 'renamed' });
      await waitUntil(async () => (await provider.list('ns')).map(({ spec }) => spec.id.name).join() === 'renamed');
      await relabel({});
      await waitUntil(async () => (await provider.list('ns')).length === 0);
      await relabel({ 'com.openfaas.function': 'fn' });
      expect(await call(await ready(provider), 'again')).toBe('again');
    });

    it('takes an update back that never becomes ready, and says why; the old version answers all the time', async () => {
      const provider = await startProvider();
      await provider.apply(classic());
      const before = await ready(provider);
      await provider.apply(classic({ envVars: { mode: 'http', upstream_url: 'nonsense' } }));
      const after = await stateOf(provider, (state) => state.rolledBackBecause !== undefined && state.spec.envVars['mode'] === undefined);
      expect(after.rolledBackBecause).toMatch(/exit code 1; its last lines: .*upstream_url/);
      expect(await call(before, 'still here')).toBe('still here');
      await provider.scale(id, 2);
      await expect(provider.find(id)).resolves.toMatchObject({ rolledBackBecause: after.rolledBackBecause });
    });

    it('takes an update back that runs but listens nowhere, although Swarm is content with it', async () => {
      const provider = await startProvider();
      await provider.apply(classic());
      await ready(provider);
      await provider.apply(classic({ image: 'deaf' }));
      const after = await stateOf(provider, (state) => state.spec.image === WATCHDOG_IMAGE && state.ready.length === 1 && state.rolledBackBecause !== undefined);
      expect(after.rolledBackBecause).toMatch(/^a replica runs, but cannot be called at port 8080 on network functions: nothing listens at its port$/);
      expect(await call(after, 'back')).toBe('back');
    });

    it('takes nothing back that it has not seen deployed, nor what has worked: it may be the gateway that is cut off', async () => {
      const first = await startProvider({ silenceMs: 60_000 });
      await first.apply(classic());
      await ready(first);
      await first.apply(classic({ image: 'deaf' }));
      await first.stop();
      const second = await startProvider();
      await failing(second, /cannot be called at port 8080/);
      // As long as two of its looks at everything.
      await new Promise((resolve) => setTimeout(resolve, 4_500));
      await expect(second.find(id)).resolves.toMatchObject({ spec: { image: 'deaf' } });
    });

    it('deploys over a service of another maker, whatever that is called', async () => {
      await engine.ask((docker) => docker.createService({ Name: 'their-name', Labels: { 'com.openfaas.function': 'fn' }, TaskTemplate: { ContainerSpec: { Image: WATCHDOG_IMAGE, Env: ['fprocess=wc'] }, Networks: [{ Target: network }] }, Mode: { Replicated: { Replicas: 1 } } }));
      const provider = await startProvider();
      await provider.apply(classic());
      expect(await call(await stateOf(provider, (state) => state.spec.envProcess === 'cat' && !state.updating && state.ready.length === 1), 'ours')).toBe('ours');
      expect((await engine.ask((docker) => docker.listServices())).map(({ Spec }) => Spec!.Name)).toEqual(['their-name']);
    });

    it('lists a replica within 200 ms of its first answer, and drops it within 200 ms of its end', async () => {
      const provider = await startProvider();
      const seen = new Map<string, number>();
      let droppedMs = 0;
      await provider.watch((change) => {
        if (change.kind !== 'present') return;
        for (const { id: replica } of change.state.ready) if (!seen.has(replica)) seen.set(replica, Date.now());
        if (seen.size > 0 && change.state.ready.length === 0) droppedMs ||= Date.now();
      });
      // With a health check, before whose first success Swarm does not call a task running.
      await provider.apply(classic({ image: 'checked' }));
      const state = await ready(provider);
      const firstAnswerMs = await lineTime(state.ready[0]!.id, /Listening on port/);
      expect(seen.get(state.ready[0]!.id)! - firstAnswerMs).toBeLessThan(200);
      const dying = await containerOf(state.ready[0]!.id);
      const killedMs = Date.now();
      await dying.kill({ signal: 'SIGKILL' });
      await waitUntil(() => droppedMs > 0);
      expect(droppedMs - killedMs).toBeLessThan(200);
    });

    it('names the memory limit that a replica has hit, starts it again, and counts', async () => {
      const causes: string[] = [];
      const provider = await startProvider({ replicaFailed: (_id, cause) => causes.push(cause) });
      await makeImage('eater', running('const kept = []; setInterval(() => kept.push(Buffer.alloc(8e6, 1)), 5)'));
      await provider.apply(classic({ image: 'eater', limits: { memory: '64Mi' } }));
      await failing(provider, /ran out of memory \(limit 64Mi\)/);
      await waitUntil(() => causes.length === 2);
      expect(causes).toEqual(['out-of-memory', 'out-of-memory']);
    });
  });
});
