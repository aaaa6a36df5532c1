import { Engine } from '@shoal/adapters/swarm/engine';
import { GatewayProcess } from '../e2e/gateway-process';
import { describeOnEngine } from './describe-on-engine';
import { httpFunction } from './http-function';
import { failuresOf, percentileMs, SteadyLoad } from './steady-load';

const CHANGES = 10;
const PER_SECOND = 200;
/** One call of so many takes 300 ms, so that there are always some under way. */
const SLOW_ONE_IN = 10;
const NAME = 'web';

jest.setTimeout(180_000);

interface Task {
  readonly ID: string;
  readonly Status: { readonly State: string };
}

describeOnEngine('a gateway on a swarm', ({ host, network }) => {
  const engine = new Engine(host);
  let gateway: GatewayProcess;

  beforeEach(async () => {
    gateway = await GatewayProcess.start({ SHOAL_PROVIDER: 'swarm', DOCKER_HOST: host, SHOAL_NETWORK: network });
    await gateway.deploy(NAME, httpFunction(NAME, 0));
  });
  afterEach(async () => {
    await manage('DELETE', 'functions', { functionName: NAME });
    await gateway.dispose();
  });

  async function manage(method: string, path: string, body: unknown): Promise<void> {
    const answer = await fetch(`${gateway.url}/system/${path}`, { method, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }

  async function availableReplicas(): Promise<number> {
    const state = (await (await fetch(`${gateway.url}/system/function/${NAME}`)).json()) as { availableReplicas: number };
    return state.availableReplicas;
  }

  async function tasks(): Promise<readonly Task[]> {
    return engine.ask((docker) => docker.listTasks({ filters: JSON.stringify({ service: [NAME] }) }) as unknown as Promise<readonly Task[]>);
  }

  async function runningTasks(): Promise<number> {
    return (await tasks()).filter(({ Status }) => Status.State === 'running').length;
  }

  async function scale(replicas: number): Promise<void> {
    await manage('POST', `scale-function/${NAME}`, { serviceName: NAME, replicas });
    await gateway.until(async () => (await availableReplicas()) === replicas);
  }

  it(`drops none of ${PER_SECOND} calls a second during ${CHANGES} updates and ${CHANGES} scale-ups and -downs`, async () => {
    const options = { url: `${gateway.url}/function/${NAME}`, perSecond: PER_SECOND, path: (call: number) => (call % SLOW_ONE_IN === 0 ? '/slow' : '/') };
    let seconds = 0;
    const records = await SteadyLoad.during(options, async (load) => {
      for (let version = 1; version <= CHANGES; version++) {
        await manage('PUT', 'functions', httpFunction(NAME, version));
        await gateway.until(() => load.records.some(({ body }) => body.startsWith(`${version} on `)));
        await scale(3);
        await scale(1);
      }
      // The last ones that had to go take calls for some seconds still.
      await gateway.until(async () => (await runningTasks()) === 1);
      seconds = load.elapsedMs / 1_000;
    });
    process.stdout.write(`${records.length} calls in ${seconds.toFixed(1)} s: ${failuresOf(records).length} failed, p50 ${percentileMs(records, 0.5)} ms, p99 ${percentileMs(records, 0.99)} ms\n`);
    expect(failuresOf(records)).toEqual([]);
    expect(records.length).toBeGreaterThan(PER_SECOND * seconds * 0.95);
  });

  it('has everything as it was after it was killed and started again, with nothing deployed anew', async () => {
    await scale(2);
    const inSwarm = async () => {
      const { Version, Spec } = await engine.ask((docker) => docker.getService(NAME).inspect() as Promise<{ Version: unknown; Spec: unknown }>);
      return { Version, Spec, tasks: (await tasks()).map(({ ID }) => ID).sort() };
    };
    const known = async () => (await fetch(`${gateway.url}/system/functions`)).json();
    const before = { inSwarm: await inSwarm(), known: await known() };
    await gateway.stop('SIGKILL');
    await gateway.startAgain();
    await gateway.until(async () => (await availableReplicas()) === 2);
    expect({ inSwarm: await inSwarm(), known: await known() }).toEqual(before);
    const answer = await fetch(`${gateway.url}/function/${NAME}`, { method: 'POST', body: 'a call' });
    expect([answer.status, await answer.text()]).toEqual([200, '0 on n1']);
  });
});
