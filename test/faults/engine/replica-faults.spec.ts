import Docker from 'dockerode';
import { ask } from '../../e2e/ask';
import { GatewayProcess } from '../../e2e/gateway-process';
import { describeOnEngine, WATCHDOG_IMAGE } from '../../swarm/describe-on-engine';
import { failuresOf, SteadyLoad, type CallRecord } from '../../swarm/steady-load';
import { faultRow, howMany } from '../fault-table';

jest.setTimeout(180_000);

const NAME = 'hurt';
const PER_SECOND = 40;
/** How long what is stopped stays so: longer than any call may take. */
const FAULT_MS = howMany({ short: 2_500, long: 20_000 });
const LIMIT_MS = 1_000;
/** A call ends by then that may take `LIMIT_MS`; a busy machine included. */
const ENDED_WITHIN_MS = 6_000;
const WHOLE_AGAIN_WITHIN_MS = 40_000;
/** Of all calls, those that may fail: what a stopped replica had, and what it is given until it has its share. */
const MOST_FAILED = 0.1;

const PROGRAM = `require('node:http').createServer((req, res) => res.end(require('node:os').hostname())).listen(3000, '127.0.0.1')`;

describeOnEngine('a replica that fails', ({ host, network, socket }) => {
  const docker = new Docker({ socketPath: socket });
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ SHOAL_PROVIDER: 'swarm', DOCKER_HOST: host, SHOAL_NETWORK: network, upstream_timeout: `${LIMIT_MS}ms` });
    const envVars = { PROGRAM, mode: 'http', upstream_url: 'http://127.0.0.1:3000', exec_timeout: `${LIMIT_MS}ms` };
    const labels = { 'com.openfaas.scale.type': 'alert', 'com.openfaas.scale.min': '3' };
    await gateway.deploy(NAME, { image: WATCHDOG_IMAGE, envProcess: 'node -e eval(process.env.PROGRAM)', envVars, labels }, 40_000);
  });
  afterAll(async () => {
    await ask(gateway.url, 'DELETE', '/system/functions', { body: { functionName: NAME } });
    await gateway.dispose();
  });

  /** Does it to one of three replicas, under load; asserts that calls end in time and others take over, and adds the row. */
  async function hurt(done: string, begin: (victim: Docker.Container) => Promise<unknown>, end: (victim: Docker.Container) => Promise<unknown>): Promise<void> {
    const [victim] = await containers();
    let [beganMs, endedMs, wholeMs] = [0, 0, 0];
    const records = await SteadyLoad.during({ url: `${gateway.url}/function/${NAME}`, perSecond: PER_SECOND }, async (load) => {
      await gateway.until(() => load.records.length > PER_SECOND / 2);
      await begin(victim!);
      beganMs = load.elapsedMs;
      await gateway.until(() => load.elapsedMs > beganMs + FAULT_MS, FAULT_MS + 10_000);
      await end(victim!);
      endedMs = load.elapsedMs;
      await gateway.until(async () => (await available()) === 3, WHOLE_AGAIN_WITHIN_MS);
      await gateway.until(async () => (await servingSince(load, endedMs)) >= 3, WHOLE_AGAIN_WITHIN_MS);
      wholeMs = load.elapsedMs;
    });
    const during = records.filter(({ atMs }) => atMs > beganMs && atMs < endedMs);
    const failed = failuresOf(records);
    const after = failed.filter(({ atMs }) => atMs > endedMs + 500);
    expect(Math.max(...records.map(({ tookMs }) => tookMs))).toBeLessThan(ENDED_WITHIN_MS);
    for (const { status } of failed) expect([500, 502, 503, 504]).toContain(status);
    expect(failed.length / during.length).toBeLessThan(MOST_FAILED);
    expect(after).toEqual([]);
    faultRow({
      area: 'processes',
      done,
      times: `${during.length} calls in ${Math.round((endedMs - beganMs) / 1_000)} s to three replicas, of which it was one`,
      lost: `${failed.length} calls`,
      seen: `${failed.length === 0 ? 'nothing of it' : describeStatuses(failed)}; the others took over; all three served ${Math.max(0, Math.round(wholeMs - endedMs))} ms after it was over`,
    });
  }

  it('whose container is killed costs no more than the calls that it had', async () => {
    await hurt("a replica's container killed (kill -9)", (victim) => victim.kill({ signal: 'SIGKILL' }), async () => undefined);
  });

  it('whose container is paused gets no more calls until it goes on', async () => {
    await hurt("a replica's container paused", (victim) => victim.pause(), (victim) => victim.unpause());
  });

  it('whose watchdog is stopped holds no call longer than it may take', async () => {
    await hurt("a replica's watchdog stopped (SIGSTOP)", (victim) => victim.kill({ signal: 'SIGSTOP' }), (victim) => victim.kill({ signal: 'SIGCONT' }));
  });

  it('whose process is stopped holds no call longer than it may take', async () => {
    await hurt("a replica's function process stopped (SIGSTOP)", (victim) => signal(victim, 'STOP'), (victim) => signal(victim, 'CONT'));
  });

  async function available(): Promise<number> {
    return (JSON.parse((await ask(gateway.url, 'GET', `/system/function/${NAME}`)).text) as { availableReplicas: number }).availableReplicas;
  }

  async function servingSince(load: SteadyLoad, sinceMs: number): Promise<number> {
    return new Set(load.records.filter(({ status, atMs }) => status === 200 && atMs > sinceMs).map(({ body }) => body)).size;
  }

  async function containers(): Promise<readonly Docker.Container[]> {
    const found = await docker.listContainers({ filters: { label: [`com.docker.swarm.service.name=${NAME}`], status: ['running'] } });
    return found.map(({ Id }) => docker.getContainer(Id));
  }

  /** To the server in the container, from within: the watchdog is another program. */
  async function signal(container: Docker.Container, name: string): Promise<void> {
    const command = await container.exec({ Cmd: ['sh', '-c', `kill -${name} $(pidof node)`] });
    (await command.start({ Detach: true })).destroy();
  }
});

function describeStatuses(failed: readonly CallRecord[]): string {
  const counts = new Map<string, number>();
  for (const { status, body } of failed) {
    const kind = `${status ?? 'no answer'} ${/"code":"([^"]*)"/.exec(body)?.[1] ?? ''}`.trim();
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} x ${kind}`).join(', ');
}
