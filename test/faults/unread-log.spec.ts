import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, createReadStream, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from '../e2e/ask';
import { freePort } from '../e2e/watchdog-process';
import { faultRow, howMany } from './fault-table';

jest.setTimeout(300_000);

const main = join(__dirname, '../../dist/gateway/main.cjs');
const CALLS = howMany({ short: 50, long: 2_000 });
/** Each writes four lines about what this machine cannot apply. */
const DEPLOYMENTS = howMany({ short: 20, long: 3_500 });
const AT_ONCE = 10;
/** What work costs, and the 1 MiB of lines that wait. */
const MOST_MORE_MIB = 200;
const MODES = [
  ['one process', {}],
  ['two workers', { SHOAL_WORKERS: '2' }],
] as const;

/** A pipe with a name, full from the start; who holds `fd` keeps it open without reading. */
function fullPipe(folder: string): { readonly path: string; readonly fd: number } {
  const path = join(folder, 'log');
  execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    for (const line = Buffer.from(`${'before '.repeat(16)}\n`); ; ) writeSync(fd, line);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
  return { path, fd };
}

describe.each(MODES)('a gateway whose log nobody reads, of %s', (title, env) => {
  let home: string;
  let url: string;
  let gateway: ChildProcess;
  beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'shoal-unread-'))));
  afterEach(async () => {
    if (gateway.exitCode === null && gateway.signalCode === null) {
      gateway.kill();
      await new Promise((resolve) => gateway.once('exit', resolve));
    }
    rmSync(home, { recursive: true, force: true });
  });

  /** Starts one by `line` of a shell, and waits until it answers. */
  async function start(line: string): Promise<void> {
    const port = await freePort();
    const settings = { SHOAL_PORT: String(port), SHOAL_METRICS_PORT: '0', SHOAL_SAMPLES: 'false', basic_auth: 'false' };
    gateway = spawn('sh', ['-c', line, process.execPath, main], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], HOME: home, SHOAL_HOME: home, ...settings, ...env } });
    url = `http://127.0.0.1:${port}`;
    await until(async () => (await ask(url, 'GET', '/healthz').catch(() => ({ status: 0 }))).status === 200);
  }

  async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
    for (const deadline = Date.now() + 20_000; !(await condition()); ) {
      if (Date.now() > deadline) throw new Error('it did not come about');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  const manyTimes = async (times: number, once: (index: number) => Promise<number>): Promise<readonly number[]> => {
    const statuses: number[] = [];
    for (let sent = 0; sent < times; sent += AT_ONCE) statuses.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => once(sent + i)))));
    return [...new Set(statuses)];
  };
  const deploy = async (service: string) => {
    const notes = { limits: { cpu: '1' }, requests: { cpu: '1' }, readOnlyRootFilesystem: true, constraints: ['a==b'] };
    return (await ask(url, 'POST', '/system/functions', { body: JSON.stringify({ service, image: service, envProcess: 'cat', ...notes }) })).status;
  };
  const calls = () => manyTimes(CALLS, async () => (await ask(url, 'POST', '/function/fn0', { body: 'x' })).status);
  const asyncCalls = () => manyTimes(CALLS, async () => (await ask(url, 'POST', '/async-function/fn1', { body: 'x' })).status);
  const invocations = async (name: string) => (JSON.parse((await ask(url, 'GET', '/system/functions')).text) as { name: string; invocationCount: number }[]).find((one) => one.name === name)!.invocationCount;

  /** All kinds of work, none of which may wait for a line of the log. */
  async function work(deployments: number): Promise<void> {
    expect(await manyTimes(deployments, (index) => deploy(`fn${index % AT_ONCE}`))).toEqual([202]);
    expect(await calls()).toEqual([200]);
    expect(await asyncCalls()).toEqual([202]);
    await until(async () => (await invocations('fn1')) === CALLS);
    expect((await ask(url, 'GET', '/healthz')).status).toBe(200);
  }

  const residentMib = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))![1]) / 1024;

  it('works on, and says afterwards what it had to say', async () => {
    const { path, fd } = fullPipe(home);
    await start(`exec "$0" "$1" >"${path}" 2>&1`);
    const beforeMib = residentMib();
    await work(DEPLOYMENTS);
    const moreMib = residentMib() - beforeMib;

    let text = '';
    const reader = createReadStream(path).on('data', (chunk) => (text += chunk.toString()));
    await until(() => /^Shoal .* is up/m.test(text) && (DEPLOYMENTS > 20 ? /^\d+ lines were dropped/m : /^fn1\.openfaas-fn: constraints /m).test(text));
    gateway.kill();
    await until(() => gateway.exitCode === 0 && text.includes('Shutting down'));
    closeSync(fd);
    reader.destroy();
    if (DEPLOYMENTS <= 20) expect({ kept: text.match(/: constraints /g)?.length, dropped: /lines were dropped/.test(text) }).toEqual({ kept: DEPLOYMENTS, dropped: false });
    expect(moreMib).toBeLessThan(MOST_MORE_MIB);
    faultRow({ area: 'processes', done: `standard output and error of the gateway, ${title}, are a pipe that is full`, times: `${DEPLOYMENTS} deployments, ${CALLS} calls, ${CALLS} asynchronous calls`, lost: DEPLOYMENTS > 20 ? 'lines of the log beyond 1 MiB, which it says' : 'nothing', seen: `every call answered; ${Math.round(moreMib)} MiB more memory` });
  });

  it('works on when its standard output and error are closed, and when who read them has gone', async () => {
    for (const line of ['exec "$0" "$1" >&- 2>&-', 'exec "$0" "$1"']) {
      await start(line);
      gateway.stdout!.destroy();
      gateway.stderr!.destroy();
      await work(AT_ONCE);
      gateway.kill();
      await until(() => gateway.exitCode === 0);
    }
    faultRow({ area: 'processes', done: `standard output and error of the gateway, ${title}, are closed, by itself or by who reads them`, times: `2 times ${CALLS} calls and ${CALLS} asynchronous calls`, lost: 'lines of the log', seen: 'every call answered' });
  });
});
