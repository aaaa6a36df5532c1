import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, open } from './ask';
import { AsyncFunction } from './async-function';
import { GatewayProcess } from './gateway-process';

/** Counts its calls itself: answers with how many were there at a time at most, in all its replicas. */
const COUNTING = `
import { createServer } from 'node:http';
import { appendFileSync } from 'node:fs';
let now = 0;
createServer((req, res) => {
  appendFileSync(process.env.NOTES, process.pid + ' ' + ++now + '\\n');
  setTimeout(() => { now--; res.end('ok'); }, Number(new URL(req.url, 'http://x').searchParams.get('ms')));
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

async function deployCounting(gateway: GatewayProcess, name: string, deployment: Readonly<Record<string, unknown>>, envVars: Readonly<Record<string, string>>) {
  const notes = join(gateway.home, `${name}.notes`);
  const folder = join(gateway.home, 'bundles', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'function.yml'), 'command: [node, server.mjs]\nmode: http\n');
  writeFileSync(join(folder, 'server.mjs'), COUNTING);
  writeFileSync(notes, '');
  await gateway.deploy(name, { envVars: { NOTES: notes, ...envVars }, ...deployment });
  const lines = () => readFileSync(notes, 'utf8').trim().split('\n').map((line) => line.split(' ').map(Number) as [pid: number, atOnce: number]);
  return {
    calls: () => lines().length,
    mostAtOnce: () => Math.max(...lines().map(([, atOnce]) => atOnce)),
    replicas: () => new Set(lines().map(([pid]) => pid)).size,
  };
}

/** Callers with a connection each, which call again at once. */
function callers(gateway: GatewayProcess, count: number, path: string) {
  let going = true;
  const statuses = new Map<number | string, number>();
  const call = (agent: Agent) =>
    new Promise<number | string>((resolve) => {
      const req = request({ agent, port: gateway.port, path }, (answer) => answer.resume().on('close', () => resolve(answer.complete ? answer.statusCode! : 'broken')));
      req.on('error', (error: NodeJS.ErrnoException) => resolve(error.code!)).end();
    });
  const all = Promise.all(
    Array.from({ length: count }, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (going) {
        const status = await call(agent);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      agent.destroy();
    }),
  );
  return {
    statuses,
    stop: async () => {
      going = false;
      await all;
      return Object.fromEntries(statuses);
    },
  };
}

const workersOf = (gateway: GatewayProcess) =>
  execFileSync('ps', ['-eo', 'pid,ppid,args'], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, ...args]) => Number(parent) === gateway.pid && args.some((arg) => arg.endsWith('data-plane-worker.cjs')))
    .map(([pid]) => Number(pid));

async function metric(gateway: GatewayProcess, name: string, labels = ''): Promise<number[]> {
  const text = await (await fetch(gateway.metricsUrl)).text();
  return [...text.matchAll(new RegExp(`^${name}(?:\\{([^}]*)\\})? (\\S+)$`, 'gm'))].filter(([, has = '']) => has.includes(labels)).map(([, , value]) => Number(value));
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('data-plane workers', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => (gateway = await GatewayProcess.start({ SHOAL_WORKERS: '2' })));
  afterAll(() => gateway.dispose());

  const cpuOf = (pid: number) => sum(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ').slice(11, 13).map(Number));

  it.each([
    ['room for one call', '1', 1],
    ['room for three calls', '3', 1],
    ['two replicas with room for two calls each', '2', 2],
  ])('never give a replica more calls than it takes together, and share: %s', async (_title, room, replicas) => {
    const name = `room-${room}`;
    const labels = { 'com.openfaas.scale.min': String(replicas), 'com.openfaas.scale.max': String(replicas) };
    const counting = await deployCounting(gateway, name, { labels }, { max_inflight: room });
    const workers = workersOf(gateway);
    expect(workers).toHaveLength(2);
    const before = workers.map(cpuOf);
    const { stop, statuses } = callers(gateway, 8, `/function/${name}?ms=2`);
    await gateway.until(() => (statuses.get(200) ?? 0) > 300);
    expect(Object.keys(await stop())).toEqual(['200']);
    expect(counting.mostAtOnce()).toBe(Number(room));
    expect(counting.replicas()).toBe(replicas);
    expect(counting.calls()).toBe(statuses.get(200));
    for (const [index, pid] of workers.entries()) expect(cpuOf(pid)).toBeGreaterThan(before[index]!);

    const labelled = `function_name="${name}.openfaas-fn"`;
    await gateway.until(async () => sum(await metric(gateway, 'gateway_function_invocation_total', labelled)) === statuses.get(200));
    expect(await metric(gateway, 'gateway_function_invocation_started', labelled)).toEqual([statuses.get(200)]);
    await gateway.until(async () => sum(await metric(gateway, 'gateway_function_invocation_inflight', labelled)) === 0);
  });

  it('wake a function once for all calls, whoever has them', async () => {
    const labels = { 'com.openfaas.scale.zero': 'true', 'com.openfaas.scale.zero-duration': '1s', 'com.openfaas.scale.max': '1' };
    await gateway.deploy('sleepy', { envProcess: 'cat', labels });
    const replicas = async () => (JSON.parse((await ask(gateway.url, 'GET', '/system/function/sleepy')).text) as { replicas: number }).replicas;
    await gateway.until(async () => (await replicas()) === 0);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(gateway.url, 'POST', '/function/sleepy', { body: `n${i}` })));
    expect(answers.map(({ text }) => text)).toEqual(answers.map((_, i) => `n${i}`));
    const reasons = async () => (JSON.parse((await ask(gateway.url, 'GET', '/system/function/sleepy/scaling')).text) as { changes: { reason: string }[] }).changes.map(({ reason }) => reason);
    // The latest first: it has been woken, and only once, when it sleeps again.
    await gateway.until(async () => {
      const [latest, ...before] = await reasons();
      return latest === 'idle' && before.length > 0;
    });
    expect(await reasons()).toEqual(['idle', 'woken', 'idle']);
  });

  it('tell the caller why a function cannot be called, as one process does', async () => {
    expect((await ask(gateway.url, 'GET', '/function/nobody')).status).toBe(404);
    await gateway.deploy('narrow', { envProcess: 'sleep 20', envVars: { max_inflight: '1', exec_timeout: '1s' } });
    expect((await ask(gateway.url, 'GET', '/function/narrow')).headers['x-shoal-error']).toBe('exec-timeout');
  });

  it('pass on what is no call: the list, events, queued calls', async () => {
    const counted = await AsyncFunction.deploy(gateway, 'later');
    for (let i = 0; i < 4; i++) {
      const accepted = await ask(gateway.url, 'POST', '/async-function/later?ms=1', { body: 'x' });
      expect(accepted.status).toBe(202);
    }
    await gateway.until(() => counted.ended().length === 4);
    await gateway.until(async () => {
      const list = JSON.parse((await ask(gateway.url, 'GET', '/system/functions')).text) as { name: string; invocationCount: number }[];
      return list.find(({ name }) => name === 'later')?.invocationCount === 4;
    });
    const events = await open(gateway.url, 'GET', '/system/events');
    const text = await new Promise<string>((resolve) => events.setEncoding('utf8').once('data', resolve));
    expect(text).toContain('event: ');
    events.destroy();
  });

  it('pass on more requests at a time than can wait to be connected', async () => {
    const open = () => new Promise<Socket>((resolve, reject) => {
      const socket: Socket = connect(gateway.port, '127.0.0.1', () => resolve(socket)).once('error', reject);
    });
    const status = (socket: Socket, path: string) => new Promise<string | undefined>((resolve) => {
      socket.once('data', (answer) => resolve(answer.toString().split(' ')[1])).write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    });
    const sockets: Socket[] = [];
    while (sockets.length < 900) sockets.push(...(await Promise.all(Array.from({ length: 100 }, open))));
    // Each connection has been handed to a worker.
    for (const socket of sockets) expect(await status(socket, '/function/nobody')).toBe('404');
    gateway.signal('SIGSTOP');
    const passedOn = Promise.all(sockets.slice(2).map((socket) => status(socket, '/healthz')));
    // Two neighbours are of different workers, which have read the others' requests when they answer.
    for (const socket of sockets.slice(0, 2)) expect(await status(socket, '/function/nobody')).toBe('404');
    gateway.signal('SIGCONT');
    expect([...new Set(await passedOn)]).toEqual(['200']);
    for (const socket of sockets) socket.destroy();
    expect(gateway.output).not.toContain('control plane failed');
  });

  it('let nobody say from outside whose request it is', async () => {
    await gateway.deploy('environment', { envProcess: 'env' });
    const headers = { 'X-Shoal-Peer': '192.0.2.1 1', 'X-Shoal-Scheme': 'https' };
    const { text } = await ask(gateway.url, 'GET', '/function/environment', { headers });
    expect(text).toMatch(/^Http_X_Forwarded_For=127\.0\.0\.1:\d+$/m);
    expect(text).not.toMatch(/X_Shoal_(Peer|Scheme)/i);
  });

  it('lose the calls of a worker that is killed, and no others; another takes its place', async () => {
    const counting = await deployCounting(gateway, 'steady', {}, { max_inflight: '4' });
    const { stop, statuses } = callers(gateway, 8, '/function/steady?ms=5');
    await gateway.until(() => (statuses.get(200) ?? 0) > 50);
    const before = workersOf(gateway);
    const restarts = sum(await metric(gateway, 'shoal_workers_restarted_total'));
    process.kill(before[0]!, 'SIGKILL');
    await gateway.until(async () => sum(await metric(gateway, 'shoal_worker_up')) === 2 && workersOf(gateway).every((pid) => pid !== before[0]));
    const soFar = statuses.get(200)!;
    await gateway.until(() => statuses.get(200)! > soFar + 100);
    const { 200: good, ...others } = await stop();
    expect(good).toBeGreaterThan(150);
    // Of eight callers, those on the dead one's connections: each lost a call.
    const lost = sum(Object.values(others));
    expect(Object.keys(others).filter((status) => !['ECONNRESET', 'EPIPE', 'broken'].includes(status))).toEqual([]);
    expect(lost).toBeLessThanOrEqual(8);
    expect(counting.mostAtOnce()).toBeLessThanOrEqual(4);
    expect(await metric(gateway, 'shoal_workers_restarted_total')).toEqual([restarts + 1]);
    expect(gateway.output).toMatch(/data-plane worker \d \(process \d+\) has ended \(SIGKILL\)/);
    // Nothing of it hangs in the numbers, and its permits are there again.
    await gateway.until(async () => sum(await metric(gateway, 'gateway_function_invocation_inflight')) === 0);
    const again = callers(gateway, 8, '/function/steady?ms=20');
    await gateway.until(() => (again.statuses.get(200) ?? 0) > 100);
    expect(Object.keys(await again.stop())).toEqual(['200']);
  });
});

describe('data-plane workers, at their end', () => {
  it('drain without a loss, also when the signal goes to all of them', async () => {
    const gateway = await GatewayProcess.start({ SHOAL_WORKERS: '2' });
    try {
      await gateway.deploy('nap', { envProcess: 'sleep 1' });
      const running = Promise.all(Array.from({ length: 6 }, () => ask(gateway.url, 'GET', '/function/nap')));
      await gateway.until(async () => sum(await metric(gateway, 'gateway_function_invocation_inflight')) === 6);
      for (const pid of workersOf(gateway)) process.kill(pid, 'SIGINT');
      const ended = gateway.stop('SIGINT');
      expect((await running).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
      expect(await ended).toBe(0);
    } finally {
      await gateway.dispose();
    }
  });

  it('are replaced when they do not answer any more', async () => {
    const gateway = await GatewayProcess.start({ SHOAL_WORKERS: '2' });
    try {
      const [stopped] = workersOf(gateway);
      process.kill(stopped!, 'SIGSTOP');
      await gateway.until(async () => !workersOf(gateway).includes(stopped!) && sum(await metric(gateway, 'shoal_worker_up')) === 2);
      expect(gateway.output).toContain(`(process ${stopped}) has not answered for 10 s: it is ended`);
      for (let i = 0; i < 4; i++) expect((await ask(gateway.url, 'GET', '/healthz')).status).toBe(200);
    } finally {
      await gateway.dispose();
    }
  });

  it('leave no caller waiting whose connection they had not taken when they were killed', async () => {
    const gateway = await GatewayProcess.start({ SHOAL_WORKERS: '2' });
    try {
      const workers = workersOf(gateway);
      const sockets = () => readdirSync(`/proc/${gateway.pid}/fd`).length;
      const before = sockets();
      for (const pid of workers) process.kill(pid, 'SIGSTOP');
      const closed = Array.from({ length: 2 }, () => new Promise<void>((resolve) => {
        connect(gateway.port, '127.0.0.1').on('error', () => undefined).once('close', () => resolve()).resume();
      }));
      // The main process has taken them, and keeps a copy of each until its worker answers.
      await gateway.until(() => sockets() === before + 2);
      for (const pid of workers) process.kill(pid, 'SIGKILL');
      await Promise.all(closed);
    } finally {
      await gateway.dispose();
    }
  });

  it('end when their gateway is killed, and leave the port free', async () => {
    const gateway = await GatewayProcess.start({ SHOAL_WORKERS: '2' });
    const { port } = gateway;
    const workers = workersOf(gateway);
    try {
      expect(workers).toHaveLength(2);
      await gateway.stop('SIGKILL');
      await gateway.until(() => workers.every((pid) => !execFileSync('ps', ['-eo', 'pid'], { encoding: 'utf8' }).split('\n').some((line) => Number(line) === pid)));
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
      server.close();
    } finally {
      await gateway.dispose();
    }
  });

  it('say why they cannot start, once', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(GatewayProcess.start({ SHOAL_WORKERS: '2', SHOAL_PORT: String(port) })).rejects.toThrow(
      new RegExp(`^ended with code 1: Port ${port} on 127.0.0.1 is in use: stop what uses it, or set SHOAL_PORT to another one.\\n$`),
    );
    server.close();
  });
});

describe('data-plane workers and the folder for temporary files', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'shoal-e2e-tmp-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('leave there what is not theirs, and nothing of their own', async () => {
    const theirs = join(folder, 'shoal-gateway-99999999-backup');
    mkdirSync(theirs);
    writeFileSync(join(theirs, 'precious'), 'x');
    const gateway = await GatewayProcess.start({ SHOAL_WORKERS: '2', TMPDIR: folder });
    try {
      expect(readdirSync(folder)).toHaveLength(2);
      expect(await gateway.stop()).toBe(0);
      expect(readdirSync(folder)).toEqual(['shoal-gateway-99999999-backup']);
      expect(readdirSync(theirs)).toEqual(['precious']);
    } finally {
      await gateway.dispose();
    }
  });

  it.each([
    ['is not there', 'none', /ENOENT/],
    ['has a long name', 'x'.repeat(100), /is longer than 100 bytes/],
  ])('say what is wrong and what to do when it %s', async (_title, name, reason) => {
    const tmp = join(folder, name);
    if (name.length > 50) mkdirSync(tmp);
    const start = GatewayProcess.start({ SHOAL_WORKERS: '2', TMPDIR: tmp });
    await expect(start).rejects.toThrow(/^ended with code 1: Data-plane workers need a socket file in \S+, which cannot be made \(.*\): set TMPDIR to .*\.\n$/);
    await expect(start).rejects.toThrow(reason);
    if (name.length > 50) expect(readdirSync(tmp)).toEqual([]);
  });
});
