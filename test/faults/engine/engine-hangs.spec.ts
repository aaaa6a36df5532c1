import { ask } from '../../e2e/ask';
import { GatewayProcess } from '../../e2e/gateway-process';
import { describeOnEngine, WATCHDOG_IMAGE } from '../../swarm/describe-on-engine';
import { failuresOf, percentileMs, SteadyLoad } from '../../swarm/steady-load';
import { faultRow, howMany } from '../fault-table';

jest.setTimeout(180_000);

const CALLS_WHILE_FROZEN = howMany({ short: 500, long: 20_000 });
const PER_SECOND = howMany({ short: 50, long: 200 });
/** What a call adds to its replica's log. Nobody reads that meanwhile, and a pipe takes 64 KiB. */
const LOGGED_BYTES = 2_000;
const PROGRAM = `require('node:http').createServer((req, res) => { console.log('x'.repeat(${LOGGED_BYTES})); res.end('fine'); }).listen(3000, '127.0.0.1')`;
/** An engine that hangs is found out after 5 s, and then a question waits for it 1 s; a busy machine takes longer. */
const REFUSED_WITHIN_MS = 14_000;
const THEN_WITHIN_MS = 4_500;
const READ_WITHIN_MS = 2_000;
const RECOVERED_WITHIN_MS = 20_000;

describeOnEngine('an engine that hangs', ({ host, network, pid }) => {
  let gateway: GatewayProcess;
  const send = (method: string, path: string, body?: unknown) => ask(gateway.url, method, path, body === undefined ? {} : { body });

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ SHOAL_PROVIDER: 'swarm', DOCKER_HOST: host, SHOAL_NETWORK: network, SHOAL_QUEUE: 'lmdb' });
  });
  // Also when a test has run into its time limit: other specs use this engine.
  afterEach(() => void process.kill(pid, 'SIGCONT'));
  afterAll(async () => {
    await send('DELETE', '/system/functions', { functionName: 'steady' });
    await gateway.dispose();
  });

  it('holds up no call; changes are refused soon with the reason, reads go on, and all is well when it goes on', async () => {
    const envVars = { PROGRAM, mode: 'http', upstream_url: 'http://127.0.0.1:3000' };
    await gateway.deploy('steady', { image: WATCHDOG_IMAGE, envProcess: 'node -e eval(process.env.PROGRAM)', envVars, labels: { 'com.openfaas.scale.type': 'alert' } }, 30_000);
    const path = (call: number) => (call % 3 === 0 ? '/async-function/steady' : '/function/steady');
    const refusals: { tookMs: number; text: string }[] = [];
    const reads: number[] = [];
    let [frozenMs, thawedMs, againMs] = [0, 0, 0];
    const records = await SteadyLoad.during({ url: gateway.url, perSecond: PER_SECOND, path }, async (load) => {
      await gateway.until(() => load.records.length > PER_SECOND / 2);
      process.kill(pid, 'SIGSTOP');
      try {
        frozenMs = load.elapsedMs;
        const changes = [() => send('POST', '/system/scale-function/steady', { replicas: 1 }), () => send('POST', '/system/secrets', { name: 'late', value: 'x' }), () => send('PUT', '/system/functions', { service: 'steady', image: WATCHDOG_IMAGE })];
        const change = async (index: number) => {
          const beganMs = load.elapsedMs;
          const { status, text } = await changes[index % changes.length]!();
          refusals.push({ tookMs: load.elapsedMs - beganMs, text: `${status} ${text}` });
        };
        await Promise.all(changes.map((_, index) => change(index)));
        for (let index = 0; index < changes.length || load.records.filter(({ atMs }) => atMs > frozenMs).length < CALLS_WHILE_FROZEN; index++) {
          await change(index);
          for (const read of ['/system/functions', '/system/function/steady', '/system/info', '/healthz']) {
            const beganMs = load.elapsedMs;
            expect(await send('GET', read)).toMatchObject({ status: 200 });
            reads.push(load.elapsedMs - beganMs);
          }
        }
        const ready = await send('GET', '/readyz');
        expect(ready).toMatchObject({ status: 503, text: expect.stringContaining('did not answer') });
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      thawedMs = load.elapsedMs;
      await gateway.until(async () => (await send('POST', '/system/scale-function/steady', { replicas: 2 })).status === 202, RECOVERED_WITHIN_MS);
      await gateway.until(async () => (await send('GET', '/readyz')).status === 200, RECOVERED_WITHIN_MS);
      againMs = load.elapsedMs;
    });
    const sync = records.filter((record) => record.path.startsWith('/function/'));
    const during = records.filter(({ atMs }) => atMs > frozenMs && atMs < thawedMs);
    const [first, later] = [refusals.slice(0, 3), refusals.slice(3)];
    expect(failuresOf(sync)).toEqual([]);
    expect(records.filter(({ status, path: at }) => at.startsWith('/async') && status !== 202)).toEqual([]);
    expect(during.length).toBeGreaterThanOrEqual(CALLS_WHILE_FROZEN);
    for (const { text } of refusals) expect(text).toMatch(/^503 .*the Docker engine cannot be reached: it did not answer within/);
    expect(Math.max(...first.map(({ tookMs }) => tookMs))).toBeLessThan(REFUSED_WITHIN_MS);
    expect(Math.max(...later.map(({ tookMs }) => tookMs))).toBeLessThan(THEN_WITHIN_MS);
    expect(Math.max(...reads)).toBeLessThan(READ_WITHIN_MS);
    const ids = records.filter(({ path: at }) => at.startsWith('/async')).map(({ callId }) => callId!);
    await gateway.until(async () => (await stateOf(ids.at(-1)!)) === 'succeeded', RECOVERED_WITHIN_MS);
    expect(new Set(await Promise.all(ids.map(stateOf)))).toEqual(new Set(['succeeded']));
    faultRow({
      area: 'processes',
      done: `dockerd stopped (SIGSTOP) for ${Math.round((thawedMs - frozenMs) / 1_000)} s while a gateway on Swarm has ${PER_SECOND} calls a second, a third of them asynchronous`,
      times: `${during.length} calls meanwhile, each of which logs ${LOGGED_BYTES / 1_000} kB`,
      lost: 'nothing',
      seen: `all calls as ever, the longest ${percentileMs(during, 1)} ms; changes refused with the reason, at first after ${Math.round(Math.max(...first.map(({ tookMs }) => tookMs)))} ms, then after ${Math.round(Math.max(...later.map(({ tookMs }) => tookMs)))} ms; reads within ${Math.round(Math.max(...reads))} ms; changes accepted again after ${Math.round(againMs - thawedMs)} ms`,
    });
  });

  async function stateOf(id: string): Promise<string> {
    const { status, text } = await send('GET', `/async-function/calls/${id}`);
    return status === 200 ? (JSON.parse(text) as { state: string }).state : `unknown (${status})`;
  }
});
