import { execFileSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { ask } from '../e2e/ask';
import { AsyncFunction } from '../e2e/async-function';
import { GatewayProcess } from '../e2e/gateway-process';
import { freePort, WatchdogProcess, WATCHDOGS } from '../e2e/watchdog-process';
import { childrenOf, isRunning } from '../processes';
import { faultRow, howMany } from './fault-table';

jest.setTimeout(180_000);

const ROUNDS = howMany({ short: 1, long: 10 });
/** Of files that a process may have open, and of connections that come. */
const OPEN_FILES = 200;
const CONNECTIONS = 3 * OPEN_FILES;
const LIMITED = `ulimit -n ${OPEN_FILES}`;
/** Nobody waits for longer, whatever is answered. */
const ANSWER_MS = 20_000;
const REFUSED: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'ECONNREFUSED']);

/** The status, or the code of what went wrong with the connection, or `hangs`. */
async function outcome(call: Promise<{ readonly status: number }>): Promise<number | string> {
  let timer!: NodeJS.Timeout;
  const hangs = new Promise<string>((resolve) => (timer = setTimeout(() => resolve('hangs'), ANSWER_MS)));
  const one = call.then(({ status }) => status, (error: NodeJS.ErrnoException) => error.code ?? error.message);
  return Promise.race([one, hangs]).finally(() => clearTimeout(timer));
}

function counted(outcomes: readonly (number | string)[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const one of outcomes) counts[one] = (counts[one] ?? 0) + 1;
  return counts;
}

/** Connections on which nothing is said; `open` are those that have not been refused. */
class IdleConnections {
  private readonly sockets = new Set<Socket>();
  private asked = 0;

  constructor(port: number, count: number) {
    for (; this.asked < count; this.asked++) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined).resume();
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    }
  }

  get open(): number {
    return this.sockets.size;
  }

  get refused(): number {
    return this.asked - this.open;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

describe.each([
  ['one process', 1, {}],
  ['two workers', 2, { SHOAL_WORKERS: '2' }],
] as const)('a gateway that may have few files open, of %s', (title, takers, env) => {
  let gateway: GatewayProcess;
  let healthPort: number;
  beforeAll(async () => {
    healthPort = await freePort();
    gateway = await GatewayProcess.start({ ...env, SHOAL_METRICS_PORT: String(healthPort) }, undefined, { shellLine: LIMITED });
  });
  afterAll(() => gateway.dispose());

  const notes = () => [...gateway.output.matchAll(/^.*connections are refused.*$/gm)].map(([line]) => line);
  const health = () => ask(`http://127.0.0.1:${healthPort}`, 'GET', '/healthz');

  it('refuses connections that it has no room for, says so once, and takes calls again when some have closed', async () => {
    await gateway.deploy('fn', { envProcess: 'cat' });
    const later = await AsyncFunction.deploy(gateway, 'later');
    let refused = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      const idle = new IdleConnections(gateway.port, CONNECTIONS);
      await gateway.until(() => idle.refused >= CONNECTIONS - OPEN_FILES);
      refused += idle.refused;
      expect(idle.open).toBeGreaterThan(takers * 16);
      expect((await health()).status).toBe(200);
      expect([200, ...REFUSED]).toContain(await outcome(ask(gateway.url, 'GET', '/healthz')));
      idle.close();

      await gateway.until(async () => (await outcome(ask(gateway.url, 'POST', '/function/fn', { body: 'x' }))) === 200);
      const answers = await Promise.all(Array.from({ length: 20 }, () => outcome(ask(gateway.url, 'POST', '/async-function/later', { body: 'x' }))));
      expect(counted(answers)).toEqual({ 202: 20 });
      await gateway.until(() => later.ended().length === 20 * round);
      await gateway.deploy(`new-${round}`, { envProcess: 'cat' });
      expect((await ask(gateway.url, 'GET', '/healthz')).status).toBe(200);
    }
    // Once a minute for each process that takes connections.
    expect(notes().length).toBeLessThanOrEqual(takers * ROUNDS);
    expect(notes()[0]).toMatch(/connections are refused \(\d+\): \d+ are open, which is what 200 open files are enough for; raise that limit \(ulimit -n\)$/);
    faultRow({ area: 'processes', done: `the gateway, ${title}, may have ${OPEN_FILES} files open; ${CONNECTIONS} connections come and stay`, times: `${ROUNDS} rounds`, lost: 'nothing', seen: `${refused} connections reset at once, one line of log; /healthz of the metrics port 200 throughout; afterwards all as before` });
  });

  it('answers each of more calls than its function host has files for, and the host goes on', async () => {
    await gateway.deploy('nap', { envProcess: 'sleep 0.3', envVars: { max_inflight: '1000' }, labels: { 'com.openfaas.scale.max': '1' } });
    const all: (number | string)[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      all.push(...(await Promise.all(Array.from({ length: CONNECTIONS }, () => outcome(ask(gateway.url, 'POST', '/function/nap', { body: 'x' }))))));
      await gateway.until(async () => (await outcome(ask(gateway.url, 'POST', '/function/nap', { body: 'x' }))) === 200);
    }
    const { 200: good, ...others } = counted(all);
    expect(good).toBeGreaterThan(20);
    // A process that could not be started; a connection that the host had no room for; one that the gateway had none for.
    for (const one of Object.keys(others)) expect([...REFUSED, '500', '502', '503']).toContain(one);
    expect(gateway.output).not.toContain('the function host ended');
    expect(gateway.output.split('\n').length).toBeLessThan(40);
    faultRow({ area: 'processes', done: `the gateway, ${title}, and the function host may have ${OPEN_FILES} files open; ${CONNECTIONS} calls come at a time, each of which needs four`, times: `${ROUNDS} rounds`, lost: 'nothing that was accepted', seen: `each call answered or refused: ${JSON.stringify({ 200: good, ...others })}` });
  });

  it('starts its function host again when it can, after it could not for want of files', async () => {
    const mayOpen = (files: number) => execFileSync('sh', ['-c', `prlimit --pid=${gateway.pid} --nofile=${files}:`]);
    await gateway.deploy('fn', { envProcess: 'cat' });
    await AsyncFunction.deploy(gateway, 'served', { labels: { 'com.openfaas.scale.max': '1' } });
    const [host] = childrenOf(gateway.pid, '-host');
    const functions = childrenOf(host!, 'server.mjs');
    expect(functions.length).toBeGreaterThan(0);
    mayOpen(10);
    process.kill(host!, 'SIGKILL');
    await gateway.until(() => /the function host ended \(.*EMFILE\); starting another/.test(gateway.output));
    mayOpen(OPEN_FILES);
    const freedMs = performance.now();
    await gateway.until(async () => (await outcome(ask(gateway.url, 'POST', '/function/fn', { body: 'x' }))) === 200);
    await gateway.until(() => functions.every((pid) => !isRunning(pid)));
    const tookS = ((performance.now() - freedMs) / 1_000).toFixed(1);
    faultRow({ area: 'processes', done: `kill -9 of the function host while the gateway, ${title}, can open no file`, times: 'once', lost: 'nothing', seen: `calls answered 200 again ${tookS} s after files could be opened again` });
  });
});

describe.each(WATCHDOGS)('a watchdog that may have few files open, %s', (runtime, program) => {
  it.each(['serializing', 'http'])('answers or refuses what comes in mode %s, says so once, and goes on', async (mode) => {
    const server = "require('http').createServer((req, res) => setTimeout(() => res.end('ok'), 300)).listen(process.env.PORT)";
    const port = String(await freePort());
    const env = mode === 'http' ? { mode, fprocess: `${process.execPath} FOLDER/server.cjs`, PORT: port, upstream_url: `http://127.0.0.1:${port}` } : { mode, fprocess: 'sleep 0.3' };
    const watchdog = await WatchdogProcess.start(['sh', '-c', `${LIMITED}; exec "$0" "$@"`, ...program], env, { 'server.cjs': server });
    try {
      await watchdog.until(async () => (await outcome(watchdog.call('/', { body: 'x' }))) === 200);
      const all: (number | string)[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        all.push(...(await Promise.all(Array.from({ length: CONNECTIONS }, () => outcome(watchdog.call('/', { body: 'x' }))))));
        const idle = new IdleConnections(watchdog.port, CONNECTIONS);
        await watchdog.until(() => idle.refused >= CONNECTIONS - OPEN_FILES);
        expect(await watchdog.metrics()).toContain('http_requests_total');
        idle.close();
        await watchdog.until(async () => (await outcome(watchdog.call('/', { body: 'x' }))) === 200);
      }
      const { 200: good, ...others } = counted(all);
      expect(good).toBeGreaterThan(20);
      for (const one of Object.keys(others)) expect([...REFUSED, '500', '503']).toContain(one);
      expect(watchdog.output.match(/connections are refused/g)).toHaveLength(1);
      faultRow({ area: 'processes', done: `a watchdog ${runtime}, mode ${mode}, may have ${OPEN_FILES} files open; ${CONNECTIONS} calls come at a time, then as many idle connections`, times: `${ROUNDS} rounds`, lost: 'nothing', seen: `each call answered or refused: ${JSON.stringify({ 200: good, ...others })}; afterwards all as before` });
    } finally {
      await watchdog.dispose();
    }
  });
});
