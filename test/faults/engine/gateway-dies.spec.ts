import { ask, type Answer } from '../../e2e/ask';
import { GatewayProcess } from '../../e2e/gateway-process';
import { describeOnEngine, WATCHDOG_IMAGE } from '../../swarm/describe-on-engine';
import { faultRow, faultSeed, howMany } from '../fault-table';
import { Random } from '../random';

jest.setTimeout(600_000);

const NAME = 'orphan';
const ROUNDS = howMany({ short: 2, long: 20 });
/** Calls that wait in the queue when the gateway dies. */
const WAITING = 20;
/** The gateway dies so long after it was told to change something, at most. */
const KILL_WITHIN_MS = 300;
const RIGHT_WITHIN_MS = 60_000;

describeOnEngine('a gateway on a swarm that is killed', ({ host, network }) => {
  let gateway: GatewayProcess;
  const send = (method: string, path: string, body?: unknown): Promise<Answer> => ask(gateway.url, method, path, body === undefined ? {} : { body });

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ SHOAL_PROVIDER: 'swarm', DOCKER_HOST: host, SHOAL_NETWORK: network, SHOAL_QUEUE: 'lmdb' });
  });
  afterAll(async () => {
    await send('DELETE', '/system/functions', { functionName: NAME });
    await gateway.dispose();
  });

  it('leaves nothing half done when that happens in the midst of an update and of a step down', async () => {
    const random = new Random(faultSeed);
    const deployment = (version: number) => ({
      service: NAME,
      image: WATCHDOG_IMAGE,
      envProcess: 'sh -c sleep${IFS}0.05;echo${IFS}$VERSION',
      envVars: { VERSION: String(version) },
      labels: { 'com.openfaas.scale.type': 'alert', 'com.openfaas.scale.min': '1', 'com.openfaas.scale.max': '5' },
    });
    const { service, ...first } = deployment(0);
    await gateway.deploy(service, first, 30_000);
    let accepted = 0;
    const rightAfterMs: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      await send('POST', `/system/scale-function/${NAME}`, { replicas: 3 });
      await gateway.until(async () => (await state()).availableReplicas === 3, RIGHT_WITHIN_MS);
      const ids = await Promise.all(Array.from({ length: WAITING }, async () => (await send('POST', `/async-function/${NAME}`)).headers['x-call-id'] as string));
      accepted += ids.length;
      const update = round % 2 === 1;
      // What became of it, the caller does not know.
      const change = update ? send('PUT', '/system/functions', deployment(round)) : send('POST', `/system/scale-function/${NAME}`, { replicas: 1 });
      const answered = change.then(({ status }) => status, () => undefined);
      await new Promise((resolve) => setTimeout(resolve, random.next() * KILL_WITHIN_MS));
      await gateway.stop('SIGKILL');
      const told = await answered;
      const beganMs = Date.now();
      await gateway.startAgain();
      // Told again, as such a caller would; where it was accepted, it is so without that.
      if (told !== 202) expect((await (update ? send('PUT', '/system/functions', deployment(round)) : send('POST', `/system/scale-function/${NAME}`, { replicas: 1 }))).status).toBe(202);
      const replicas = update ? 3 : 1;
      await gateway.until(async () => {
        const now = await state();
        return now.replicas === replicas && now.availableReplicas === replicas && (await send('GET', `/function/${NAME}`)).text === `${update ? round : round - 1}\n`;
      }, RIGHT_WITHIN_MS);
      rightAfterMs.push(Date.now() - beganMs);
      await gateway.until(async () => (await Promise.all(ids.map(stateOf))).every((one) => one === 'succeeded'), RIGHT_WITHIN_MS);
    }
    faultRow({
      area: 'processes',
      done: 'kill -9 of a gateway on Swarm in the midst of an update or a step down, with calls in its queue',
      times: `${ROUNDS} times, ${accepted} asynchronous calls`,
      lost: 'nothing',
      seen: `started again, all was as asked within ${Math.max(...rightAfterMs)} ms; all asynchronous calls succeeded`,
    });
  });

  async function state(): Promise<{ readonly replicas: number; readonly availableReplicas: number }> {
    return JSON.parse((await send('GET', `/system/function/${NAME}`)).text) as { replicas: number; availableReplicas: number };
  }

  async function stateOf(id: string): Promise<string> {
    const { status, text } = await send('GET', `/async-function/calls/${id}`);
    return status === 200 ? (JSON.parse(text) as { state: string }).state : `unknown (${status})`;
  }
});

