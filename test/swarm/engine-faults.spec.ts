import { Engine } from '@shoal/adapters/swarm/engine';
import { SwarmFunctionProvider } from '@shoal/adapters/swarm/swarm-function-provider';
import { aFunction } from '@shoal/domain/testing/function-spec';
import { type LabNode, SwarmLab } from '../../tools/swarm-lab.mjs';
import { stateOf } from '../contracts/function-provider.contract';
import { describeOnEngine } from './describe-on-engine';

const ANSWER_TIMEOUT_MS = 500;

/** Engines of its own, because they are to fail. What runs on them cannot be called from here, only managed. */
describeOnEngine('a swarm that fails', () => {
  const id = { name: 'fn', namespace: 'ns' };
  const asleep = aFunction('fn', { labels: { 'com.openfaas.scale.min': '0' } });
  const providers: SwarmFunctionProvider[] = [];
  let lab: SwarmLab;
  let warnings: string[];

  const providerOf = (socket: string) => {
    warnings = [];
    const engine = new Engine(`unix://${socket}`, ANSWER_TIMEOUT_MS);
    const options = { defaultNamespace: 'ns', callTimeoutMs: 1_000, warn: (text: string) => warnings.push(text), replicaFailed: () => undefined };
    providers.push(new SwarmFunctionProvider(engine, options));
    return providers.at(-1)!;
  };
  /** A swarm of one machine that knows a function, and one who looks after it. */
  async function startManaged(): Promise<{ readonly node: LabNode; readonly provider: SwarmFunctionProvider }> {
    const node = await lab.up('m');
    await initSwarm(node);
    await node.docker('network', 'create', '--driver', 'overlay', '--label', 'openfaas=true', 'functions');
    const provider = providerOf(node.socket);
    await provider.start();
    await provider.apply(asleep);
    return { node, provider };
  }
  const initSwarm = (node: LabNode) => node.docker('swarm', 'init', '--advertise-addr', node.address);
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  beforeEach(async () => {
    lab = await SwarmLab.create();
  });
  afterEach(async () => {
    for (const provider of providers.splice(0)) await provider.stop();
    await lab.down();
  });

  it('says so when there is no engine', async () => {
    await expect(providerOf('/nowhere/docker.sock').start()).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: expect.stringMatching(/Docker engine cannot be reached: .*ENOENT/),
    });
  });

  it('says so when the engine is in no swarm, is no manager, or has no network for functions', async () => {
    const manager = await lab.up('m');
    await expect(providerOf(manager.socket).start()).rejects.toMatchObject({ code: 'backend-unavailable', message: expect.stringMatching(/not a swarm manager.*docker swarm init/) });
    await initSwarm(manager);
    await expect(providerOf(manager.socket).start()).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: expect.stringMatching(/no network labelled openfaas=true .*docker network create/),
    });
    const worker = await lab.up('w');
    await worker.docker('swarm', 'join', '--token', await manager.docker('swarm', 'join-token', '--quiet', 'worker'), `${manager.address}:2377`);
    await expect(providerOf(worker.socket).start()).rejects.toMatchObject({ code: 'backend-unavailable', message: expect.stringMatching(/not a swarm manager. Worker nodes/) });
  });

  it('keeps what it knows while the engine hangs, refuses changes soon, and goes on by itself', async () => {
    const { node, provider } = await startManaged();
    node.freeze();
    const startedMs = Date.now();
    await expect(provider.apply(asleep)).rejects.toMatchObject({ code: 'backend-unavailable', message: expect.stringContaining('did not answer within 0.5 s') });
    expect(Date.now() - startedMs).toBeLessThan(2_000);
    await until(() => provider.problem !== undefined);
    await expect(provider.find(id)).resolves.toMatchObject({ replicas: 0 });

    node.thaw();
    await until(() => provider.problem === undefined);
    await provider.scale(id, 2);
    await expect(provider.find(id)).resolves.toMatchObject({ replicas: 2 });
    expect(warnings).toEqual([expect.stringContaining('did not answer'), 'the Docker engine answers again']);
  });

  it('hears of changes again after the engine was restarted', async () => {
    const { node, provider } = await startManaged();
    await node.stop();
    await until(() => provider.problem !== undefined);
    await lab.up('m');
    await until(() => provider.problem === undefined);
    const scaled = stateOf(provider, ({ replicas }) => replicas === 3);
    await node.docker('service', 'scale', '--detach', 'fn=3');
    await scaled;
  });
});
