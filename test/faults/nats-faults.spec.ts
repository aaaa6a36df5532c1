import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPrograms } from '../describe-with';
import { ask, type Answer } from '../e2e/ask';
import { AsyncFunction } from '../e2e/async-function';
import { GatewayProcess } from '../e2e/gateway-process';
import { NatsProcess } from '../nats-process';
import { failuresOf, percentileMs, SteadyLoad } from '../swarm/steady-load';
import { BadLine } from './bad-line';
import { faultRow, howMany } from './fault-table';

jest.setTimeout(180_000);

/** Half of them synchronous. */
const PER_SECOND = 40;
/** How long a server says nothing: in the long form until its connection is given up. */
const SILENT_MS = howMany({ short: 12_000, long: 20_000 });
/** How long other faults last. */
const FAULT_MS = howMany({ short: 2_000, long: 20_000 });
/** Calls that a worker has when it stops. */
const HELD_CALLS = howMany({ short: 20, long: 200 });
/** A refusal may take as long as the server may take for an answer; those that begin once the first has ended take less. */
const REFUSED_WITHIN_MS = 8_000;
const QUICK_MS = 2_500;
/** Until everything works again once what was at fault is there; a busy machine included. */
const RECOVERED_WITHIN_MS = 30_000;
const ACK_WAIT_MS = 3_000;
const STORE_MIB = howMany({ short: 4, long: 32 });
const ENDED: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);

interface Fault {
  readonly done: string;
  readonly forMs: number;
  /** Whether asynchronous calls must be refused meanwhile; where not, some may be. */
  readonly refuses: boolean;
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

interface Setting {
  readonly gateway: GatewayProcess;
  readonly fn: AsyncFunction;
}

describeWithPrograms('a queue in JetStream', ['nats-server'], 'nats-server', () => {
  const disposals: (() => Promise<void> | void)[] = [];
  let nats: NatsProcess;

  beforeEach(async () => {
    nats = await NatsProcess.start();
    disposals.unshift(() => nats.dispose());
  });
  afterEach(async () => {
    for (const dispose of disposals.splice(0)) await dispose();
  });

  const begin = async (port = nats.port, env: Record<string, string> = {}): Promise<Setting> => {
    const gateway = await GatewayProcess.start({ faas_nats_address: '127.0.0.1', faas_nats_port: String(port), ack_wait: `${ACK_WAIT_MS}ms`, ...env });
    disposals.unshift(() => gateway.dispose());
    return { gateway, fn: await AsyncFunction.deploy(gateway, 'fn', { annotations: { 'com.openfaas.retry.min_wait': '50ms' } }) };
  };

  it('answers with the reason while its server hangs, and goes on by itself', async () => {
    const setting = await begin();
    await disturb(setting, { done: 'nats-server stopped (SIGSTOP)', forMs: SILENT_MS, refuses: true, begin: () => nats.signal('SIGSTOP'), end: () => nats.signal('SIGCONT') });
  });

  it('answers with the reason while its server is dead, and goes on by itself', async () => {
    const setting = await begin();
    await disturb(setting, { done: 'nats-server killed (kill -9)', forMs: FAULT_MS, refuses: true, begin: () => nats.kill(), end: () => nats.again() });
  });

  // To the gateway the same as a server that hangs, until the connection is given up.
  if (howMany({ short: 0, long: 1 }) === 1) it('answers with the reason while packets to its server go nowhere, and goes on by itself', async () => {
    const line = await BadLine.to(nats.port);
    disposals.unshift(() => line.close());
    const setting = await begin(line.port);
    await disturb(setting, { done: 'connection to nats-server half open', forMs: SILENT_MS, refuses: true, begin: () => line.silence(), end: () => line.heal() });
  });

  it('loses nothing when its connection is cut again and again', async () => {
    const line = await BadLine.to(nats.port);
    disposals.unshift(() => line.close());
    const setting = await begin(line.port);
    let cutting: NodeJS.Timeout;
    await disturb(setting, { done: 'connection to nats-server cut every 300 ms', forMs: FAULT_MS, refuses: false, begin: () => void (cutting = setInterval(() => line.cut(), 300)), end: () => clearInterval(cutting) });
  });

  it('goes on with a server that has lost all that it had', async () => {
    const { gateway, fn } = await begin();
    await callLater(gateway);
    await nats.kill();
    for (const name of readdirSync(nats.folder)) rmSync(join(nats.folder, name), { recursive: true });
    await nats.again();
    await until(async () => (await accepted(gateway)) !== undefined, RECOVERED_WITHIN_MS);
    expect(gateway.output).toContain('the queue had lost its streams: they were made anew, and calls that waited in them are gone');
    const ids = await Promise.all(Array.from({ length: 50 }, () => callLater(gateway)));
    await settled({ gateway, fn }, ids);
    faultRow({ area: 'queue', done: 'nats-server killed, its store deleted, started again', times: 'once', lost: 'what was in the store', seen: 'accepted again without a restart of the gateway; the log says what was lost' });
  });

  it('runs what it has accepted although the storage of its server is full, and accepts again then', async () => {
    await nats.kill();
    const folder = mkdtempSync(join(tmpdir(), 'shoal-nats-'));
    disposals.push(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'nats.conf'), `jetstream { max_file_store: ${STORE_MIB}MB }\n`);
    const full = await NatsProcess.start(['-c', join(folder, 'nats.conf')]);
    disposals.unshift(() => full.dispose());
    const { gateway, fn } = await begin(full.port);
    const ids: string[] = [];
    const refusals: Answer[] = [];
    const body = 'x'.repeat(60_000);
    // Faster than they run.
    const send = async () => {
      while (refusals.length < 20) {
        const answer = await ask(gateway.url, 'POST', '/async-function/fn?ms=300&say=fine', { body });
        if (answer.status === 202) ids.push(answer.headers['x-call-id'] as string);
        else refusals.push(answer);
      }
    };
    await Promise.all(Array.from({ length: 8 }, send));
    for (const { status, text } of refusals) expect([status, text]).toEqual([503, expect.stringContaining('"code":"queue-full"')]);
    const beganMs = Date.now();
    await until(() => new Set(fn.ended()).size >= ids.length, 60_000);
    const tookMs = Date.now() - beganMs;
    expect(ids.filter((id) => !fn.ended().includes(id))).toEqual([]);
    // What is known of ended calls may have made room for others.
    await until(async () => (await Promise.all(ids.map((id) => stateOf(gateway, id)))).every((state) => state === 'succeeded' || state === 'unknown (404)'), RECOVERED_WITHIN_MS);
    await until(async () => (await accepted(gateway)) !== undefined, RECOVERED_WITHIN_MS);
    expect(gateway.output).toContain('the storage of the queue is full: no new calls are taken until half of those that wait have gone');
    faultRow({ area: 'queue', done: `the storage of nats-server (${STORE_MIB} MiB) full of calls`, times: `${ids.length} calls of 60 kB`, lost: 'nothing', seen: `503 queue-full; all that was accepted had run ${tookMs} ms later, and calls were accepted again` });
  });

  it('gives what a stopped worker has to others, and settles nothing twice when it goes on', async () => {
    const { gateway, fn } = await begin(nats.port, { SHOAL_ROLE: 'gateway', SHOAL_CALLBACK_ALLOW: '127.0.0.1' });
    const told: string[] = [];
    const receiver = createServer((req, res) => {
      told.push(req.headers['x-call-id'] as string);
      req.resume();
      res.end();
    });
    await once(receiver.listen(0, '127.0.0.1'), 'listening');
    disposals.unshift(() => void receiver.close());
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const env = { faas_nats_address: '127.0.0.1', faas_nats_port: String(nats.port), ack_wait: `${ACK_WAIT_MS}ms`, SHOAL_ROLE: 'worker', SHOAL_CALLBACK_ALLOW: '127.0.0.1', faas_gateway_address: '127.0.0.1', faas_gateway_port: String(gateway.port) };
    const startWorker = async () => {
      const worker = await GatewayProcess.start(env);
      disposals.unshift(() => worker.dispose());
      return worker;
    };
    const stopped = await startWorker();
    const headers = { 'X-Callback-Url': url };
    const ids = await Promise.all(Array.from({ length: HELD_CALLS }, () => callLater(gateway, '?ms=1000', headers)));
    await until(() => fn.begun().length > 0);
    const held = fn.begun();
    stopped.signal('SIGSTOP');
    const beganMs = Date.now();
    await startWorker();
    await until(async () => (await Promise.all(ids.map((id) => stateOf(gateway, id)))).every((state) => state === 'succeeded'), RECOVERED_WITHIN_MS);
    const tookMs = Date.now() - beganMs;
    stopped.signal('SIGCONT');
    await until(() => told.length >= ids.length);
    // What it had is settled by it now, in vain: also a call that comes after all that.
    await callLater(gateway);
    const { twice } = await settled({ gateway, fn }, ids);
    expect(twice).toBeGreaterThan(0);
    expect(held.filter((id) => Math.max(...fn.repeatsOf(id)) === 0)).toEqual([]);
    expect(told.slice().sort()).toEqual(ids.slice().sort());
    const records = await Promise.all(ids.map(async (id) => JSON.parse((await ask(gateway.url, 'GET', `/async-function/calls/${id}`)).text) as { attempts: number }));
    for (const { attempts } of records) expect(attempts).toBeLessThanOrEqual(2);
    faultRow({ area: 'queue', done: `one of two workers stopped (SIGSTOP) for longer than ack_wait (${ACK_WAIT_MS / 1_000} s), and continued`, times: `${ids.length} calls`, lost: 'nothing', seen: `${twice} ran twice and were told so, all by the other within ${tookMs} ms; each had one end and one callback` });
  });

  it('goes on with a server that is far away', async () => {
    const line = await BadLine.to(nats.port);
    disposals.unshift(() => line.close());
    const setting = await begin(line.port);
    await disturb(setting, { done: 'all to and from nats-server 150 ms late', forMs: FAULT_MS, refuses: false, begin: () => line.slow(150), end: () => line.heal() });
  });
});

/** Calls before, during and after the fault; asserts what is promised, and adds the row. */
async function disturb({ gateway, fn }: Setting, { done, forMs, refuses, begin, end }: Fault): Promise<void> {
  let [beganMs, endedMs, againMs] = [0, 0, 0];
  let readiness: Readiness | undefined;
  const path = (call: number) => (call % 2 === 0 ? '/function/fn?ms=1' : '/async-function/fn?ms=3');
  const records = await SteadyLoad.during({ url: gateway.url, perSecond: PER_SECOND, path }, async (load) => {
    await until(() => load.records.filter(({ status }) => status === 202).length > PER_SECOND / 2);
    beganMs = load.elapsedMs;
    await begin();
    await until(() => load.elapsedMs - beganMs > forMs);
    if (refuses) await until(async () => (readiness = await readinessOf(gateway)).error['queue'] !== undefined);
    endedMs = load.elapsedMs;
    await end();
    await until(() => load.records.some(({ status, atMs }) => status === 202 && atMs > endedMs), RECOVERED_WITHIN_MS);
    againMs = load.records.find(({ status, atMs }) => status === 202 && atMs > endedMs)!.atMs;
    await until(() => load.elapsedMs > againMs + 1_000);
  });
  const sync = records.filter(({ path: at }) => at.startsWith('/function/'));
  const asynchronous = records.filter(({ path: at }) => at.startsWith('/async-function/'));
  const refused = asynchronous.filter(({ status }) => status !== 202);
  expect(failuresOf(sync)).toEqual([]);
  expect(new Set(refused.map(({ status, body }) => `${status} ${/"code":"([^"]*)"/.exec(body)?.[1]}`))).toEqual(new Set(refused.length > 0 ? ['503 backend-unavailable'] : []));
  if (refuses) expect(refused.length).toBeGreaterThan(PER_SECOND / 4);
  expect(Math.max(0, ...refused.map(({ tookMs }) => tookMs))).toBeLessThan(REFUSED_WITHIN_MS);
  const foundOutMs = Math.min(...refused.map(({ atMs, tookMs }) => atMs + tookMs));
  const later = refuses ? refused.filter(({ atMs }) => atMs > foundOutMs && atMs < endedMs) : [];
  if (refuses && forMs === SILENT_MS) expect(later.length).toBeGreaterThan(0);
  expect(Math.max(0, ...later.map(({ tookMs }) => tookMs))).toBeLessThan(QUICK_MS);
  const queue = { status: 'down', reason: expect.any(String) };
  if (refuses) expect(readiness).toMatchObject({ status: 'ok', info: { provider: { status: 'up' } }, error: { queue } });
  await until(async () => Object.keys((readiness = await readinessOf(gateway)).error).length === 0);
  expect(readiness).toEqual({ status: 'ok', info: { provider: { status: 'up' } }, error: {}, details: { provider: { status: 'up' } } });
  const ids = asynchronous.filter(({ status }) => status === 202).map(({ callId }) => callId!);
  const { twice } = await settled({ gateway, fn }, ids);
  faultRow({
    area: 'queue',
    done: `${done} for ${forMs / 1_000} s`,
    times: `${asynchronous.length} asynchronous, ${sync.length} synchronous calls`,
    lost: 'nothing',
    seen: `${refused.length} answered 503 backend-unavailable, all within ${percentileMs(refused, 1)} ms${later.length > 0 ? ` (once that was found out, ${percentileMs(later, 1)} ms)` : ''}; all synchronous 200; accepted again after ${Math.round(againMs - endedMs)} ms; ${twice} ran twice and were told so`,
  });
}

interface Readiness {
  /** By part. */
  readonly error: Readonly<Record<string, unknown>>;
}

async function readinessOf(gateway: GatewayProcess): Promise<Readiness> {
  return JSON.parse((await ask(gateway.url, 'GET', '/readyz')).text) as Readiness;
}

/** Waits for the end of all that were accepted: each has succeeded. */
async function settled({ gateway, fn }: Setting, ids: readonly string[]): Promise<{ readonly twice: number }> {
  const states = new Map<string, number>();
  for (const id of ids) {
    let state = '';
    await until(async () => ENDED.has((state = await stateOf(gateway, id))), RECOVERED_WITHIN_MS).catch(() => undefined);
    states.set(state, (states.get(state) ?? 0) + 1);
  }
  expect(Object.fromEntries(states)).toEqual({ succeeded: ids.length });
  const times = new Map<string, number>();
  for (const id of fn.begun()) times.set(id, (times.get(id) ?? 0) + 1);
  expect(ids.filter((id) => !times.has(id))).toEqual([]);
  const twice = ids.filter((id) => times.get(id)! > 1);
  for (const id of twice) expect(Math.max(...fn.repeatsOf(id))).toBeGreaterThan(0);
  return { twice: twice.length };
}

/** Sends a call that runs later; resolves with its id, or `undefined` when it was refused. */
async function accepted(gateway: GatewayProcess): Promise<string | undefined> {
  return callLater(gateway).catch(() => undefined);
}

async function callLater(gateway: GatewayProcess, query = '?ms=3', headers: Record<string, string> = {}): Promise<string> {
  const answer = await ask(gateway.url, 'POST', `/async-function/fn${query}`, { body: 'a call', headers });
  if (answer.status !== 202) throw new Error(`a call was refused with ${answer.status}: ${answer.text}`);
  return answer.headers['x-call-id'] as string;
}

async function stateOf(gateway: GatewayProcess, id: string): Promise<string> {
  const { status, text } = await ask(gateway.url, 'GET', `/async-function/calls/${id}`);
  return status === 200 ? (JSON.parse(text) as { state: string }).state : `unknown (${status})`;
}

async function until(condition: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + limitMs; !(await condition()); await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (Date.now() > deadline) throw new Error(`it did not come about within ${limitMs} ms`);
  }
}
