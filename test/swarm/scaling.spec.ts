import { GatewayProcess } from '../e2e/gateway-process';
import { describeOnEngine } from './describe-on-engine';
import { httpFunction } from './http-function';
import { failuresOf, percentileMs, SteadyLoad } from './steady-load';

const NAME = 'scaled';
const PER_SECOND = 100;
const ALLOWED_MS = 4_000;

jest.setTimeout(120_000);

interface Change {
  readonly from: number;
  readonly to: number;
  readonly because: string;
}

describeOnEngine('scaling on a swarm', ({ host, network }) => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ SHOAL_PROVIDER: 'swarm', DOCKER_HOST: host, SHOAL_NETWORK: network });
  });
  afterAll(async () => {
    await fetch(`${gateway.url}/system/functions`, { method: 'DELETE', body: JSON.stringify({ functionName: NAME }) });
    await gateway.dispose();
  });

  const read = async (path: string): Promise<unknown> => (await fetch(`${gateway.url}/system/function/${path}`)).json();
  const state = async () => (await read(NAME)) as { replicas: number; availableReplicas: number };

  it(`answers ${PER_SECOND} calls a second with as many replicas as they need, takes them back gently, and loses no call`, async () => {
    const labels = { 'com.openfaas.scale.type': 'rps', 'com.openfaas.scale.target': '30', 'com.openfaas.scale.max': '6', 'com.openfaas.scale.down.window': '3s' };
    await gateway.deploy(NAME, httpFunction(NAME, 1, labels));
    let [firstMs, askedMs, readyMs] = [0, 0, 0];
    const records = await SteadyLoad.during({ url: `${gateway.url}/function/${NAME}`, perSecond: PER_SECOND }, async (load) => {
      await gateway.until(async () => (await state()).replicas > 1);
      firstMs = load.elapsedMs;
      await gateway.until(async () => (await state()).replicas === 4);
      askedMs = load.elapsedMs;
      await gateway.until(async () => (await state()).availableReplicas >= 4);
      readyMs = load.elapsedMs;
    });
    // A call now and then goes on while they go.
    const quiet = await SteadyLoad.during({ url: `${gateway.url}/function/${NAME}`, perSecond: 5 }, () => gateway.until(async () => (await state()).replicas === 1, 40_000));
    process.stdout.write(
      `${records.length + quiet.length} calls, ${failuresOf([...records, ...quiet]).length} failed; 4 replicas asked for after ${(askedMs / 1_000).toFixed(1)} s, ` +
        `ready after ${(readyMs / 1_000).toFixed(1)} s; p99 ${percentileMs(records, 0.99)} ms\n`,
    );
    expect(failuresOf([...records, ...quiet])).toEqual([]);

    const { changes } = (await read(`${NAME}/scaling`)) as { changes: Change[] };
    expect(changes.at(-1)!).toMatchObject({ from: 1, because: expect.stringMatching(/calls a second need \d replicas at 27 each/) });
    // The window of 3 s has to fill before all of the load is seen; the first step comes before.
    expect(firstMs).toBeLessThan(3_000);
    expect(askedMs).toBeLessThan(ALLOWED_MS);
    for (const { from, to } of changes.filter((change) => change.to < change.from)) expect(to).toBeGreaterThanOrEqual(Math.ceil(from / 2));
  });
});
