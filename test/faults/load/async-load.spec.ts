import { Agent, request } from 'node:http';
import { AsyncFunction } from '../../e2e/async-function';
import { GatewayProcess } from '../../e2e/gateway-process';
import { ownMemoryBytes } from '../../processes';
import { faultRow, howMany } from '../fault-table';

const FLOOD = howMany({ short: 5_000, long: 50_000 });
const BACKLOG = howMany({ short: 10_000, long: 100_000 });
const SENDERS = 32;

jest.setTimeout(600_000);

const memoryMb = (pid: number) => ownMemoryBytes(pid) / (1024 * 1024);

function post(gateway: GatewayProcess, path: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port: gateway.port, method: 'POST', path, agent, headers: { 'Content-Length': '100' } }, (res) => {
      res.resume().on('end', () => (res.statusCode === 202 ? resolve(res.headers['x-call-id'] as string) : reject(new Error(String(res.statusCode)))));
    });
    req.on('error', reject).end('x'.repeat(100));
  });
}

async function postMany(gateway: GatewayProcess, path: string, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  let left = count;
  await Promise.all(
    Array.from({ length: SENDERS }, async () => {
      while (left-- > 0) await post(gateway, path, agent);
    }),
  );
  agent.destroy();
}

describe('many asynchronous calls', () => {
  let gateway: GatewayProcess;
  beforeEach(async () => (gateway = await GatewayProcess.start()));
  afterEach(() => gateway.dispose());

  it('a flood of one function does not keep another waiting', async () => {
    await AsyncFunction.deploy(gateway, 'flood');
    const quiet = await AsyncFunction.deploy(gateway, 'quiet');
    let flooding = true;
    const flood = postMany(gateway, '/async-function/flood?ms=5', FLOOD).then(() => (flooding = false));
    const agent = new Agent({ keepAlive: true });
    const waits: number[] = [];
    const pending: Promise<void>[] = [];
    while (flooding || waits.length + pending.length < 50) {
      const startedMs = Date.now();
      const sent = post(gateway, '/async-function/quiet', agent).then(async (id) => {
        const answer = await fetch(`${gateway.url}/async-function/calls/${id}?wait=30s`);
        expect(((await answer.json()) as { state: string }).state).toBe('succeeded');
        waits.push(Date.now() - startedMs);
      });
      pending.push(sent);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await flood;
    await Promise.all(pending);
    agent.destroy();
    waits.sort((a, b) => a - b);
    const p95 = waits[Math.floor(waits.length * 0.95)]!;
    expect(p95).toBeLessThan(1_000);
    expect(quiet.begun().length).toBe(waits.length);
    faultRow({ area: 'load', done: 'a flood of asynchronous calls to one function, a call every 0.1 s to another', times: `${FLOOD} calls beside ${waits.length}`, lost: 'nothing', seen: `from sending to ended p50 ${waits[waits.length >> 1]} ms, p95 ${p95} ms, longest ${waits.at(-1)} ms` });
  });

  it('a long queue costs no memory, and no time at the start', async () => {
    await AsyncFunction.deploy(gateway, 'stuck', { annotations: { 'com.openfaas.async.concurrency': '1' } });
    // The one that runs holds the others up.
    await postMany(gateway, '/async-function/stuck?ms=600000', BACKLOG / 10);
    const early = memoryMb(gateway.pid);
    await postMany(gateway, '/async-function/stuck?ms=600000', BACKLOG - BACKLOG / 10);
    const late = memoryMb(gateway.pid);
    await gateway.stop('SIGKILL');
    const startedMs = Date.now();
    await gateway.startAgain();
    const startMs = Date.now() - startedMs;
    const [depth] = (await (await fetch(`${gateway.url}/system/queue`)).json()) as { queued: number; unfinished: number }[];
    expect(depth!.queued + depth!.unfinished).toBe(BACKLOG);
    // What the runtime itself takes and gives back varies by more than all calls together would weigh.
    expect(late - early).toBeLessThan(60);
    expect(startMs).toBeLessThan(6_000);
    faultRow({ area: 'load', done: 'calls queued behind one that does not end, then kill -9 of the gateway', times: `${BACKLOG} calls`, lost: 'nothing', seen: `${early.toFixed(0)} MB with a tenth of them, ${late.toFixed(0)} MB with all; up again after ${startMs} ms` });
  });
});
