import { LmdbInvocationQueue, type LmdbInvocationQueueOptions } from '@shoal/adapters/lmdb/lmdb-invocation-queue';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import type { Claim, Settlement } from '@shoal/domain/queue/invocation-queue';
import { laneOf } from '@shoal/domain/queue/lane';
import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { newRecord } from '@shoal/domain/queue/queued-call';
import { buildSync } from 'esbuild';
import { open } from 'lmdb';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeUnlessMissing } from '../describe-with';
import { describeInvocationQueue, queuedCall } from './invocation-queue.contract';

const clock = new SystemClock();
const SETTINGS = { maxBodyBytes: 256 * 1024, maxCalls: 1_000_000, keepEndedMs: 60_000, keepDeadMs: 60_000, clock };
const REPOSITORY = join(__dirname, '../..');
const F = 'f.openfaas-fn';
const CALLS = laneOf('call', F);
const CALLBACKS = laneOf('callback', F);
const folders: string[] = [];
const queues: LmdbInvocationQueue[] = [];
const warnings: string[] = [];

function newFolder(parent = tmpdir()): string {
  folders.push(mkdtempSync(join(parent, 'shoal-queue.')));
  return folders.at(-1)!;
}

async function openQueue(options: Partial<LmdbInvocationQueueOptions> & { folder: string }): Promise<LmdbInvocationQueue> {
  const queue = await LmdbInvocationQueue.open({ ...SETTINGS, warn: (text) => warnings.push(text), ...options });
  queues.push(queue);
  return queue;
}

const end = (claim: Claim, state: 'succeeded' | 'failed' = 'succeeded'): Settlement => ({ kind: 'end', record: { ...claim.record, state, endedMs: clock.nowMs() } });
const idsOf = (claims: readonly Claim[]) => claims.map(({ call }) => call.id);

afterEach(async () => {
  for (const queue of queues.splice(0)) await queue.close();
  expect(warnings.splice(0)).toEqual([]);
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describeInvocationQueue('LmdbInvocationQueue', async ({ maxBodyBytes, maxCalls, keepEndedMs }) => {
  const folder = newFolder();
  const openAgain = () => openQueue({ folder, maxBodyBytes, maxCalls, keepEndedMs, keepDeadMs: keepEndedMs });
  const queue = await openAgain();
  return {
    queue,
    nowMs: () => clock.nowMs(),
    pass: (ms) => sleep(ms),
    // Its death by a signal is below: one process must not have a file open twice.
    restart: async () => {
      await queue.close();
      return openAgain();
    },
    dispose: async () => undefined,
  };
});

describe('LmdbInvocationQueue', () => {
  it('calls wait as long as they were told when the clock is set back', async () => {
    const fake = new FakeClock();
    fake.set(Date.now());
    const queue = await openQueue({ folder: newFolder(), clock: fake });
    const ready: string[] = [];
    await queue.watch({ ready: (lane) => void ready.push(lane), cancelled: () => undefined });
    await Promise.all(Array.from({ length: 1_200 }, (_, i) => queue.publish(queuedCall(`c${i}`))));
    for (let claims = await queue.take(CALLS, 100); claims.length > 0; claims = await queue.take(CALLS, 100)) {
      const waitMs = (claim: Claim) => (claim.call.id === 'c7' ? 5_000 : 60_000);
      await Promise.all(claims.map((claim) => queue.settle(claim, { kind: 'retry', record: { ...claim.record, state: 'retrying', nextAttemptMs: fake.nowMs() + waitMs(claim) } })));
    }
    fake.set(-24 * 3_600_000);
    const takenBy = async (ms: number, least: number) => {
      const taken: string[] = [];
      fake.advance(ms);
      for (const deadline = Date.now() + 10_000; taken.length < least && Date.now() < deadline; await sleep(5)) {
        fake.advance(0); // What is to be done next is found out on the disk.
        taken.push(...idsOf(await queue.take(CALLS, 2_000)));
      }
      return taken;
    };
    expect(await takenBy(5_000, 1)).toEqual(['c7']);
    const { record } = (await queue.find('c8'))!;
    expect(record.nextAttemptMs! - fake.nowMs()).toBe(55_000);
    await takenBy(50_000, 0);
    await sleep(50);
    expect(await queue.take(CALLS, 10)).toEqual([]);
    expect((await takenBy(10_000, 1_199)).length).toBe(1_199);
  });

  it('open() finds everything at its place and counts as before', async () => {
    const folder = newFolder();
    const before = await openQueue({ folder });
    for (const id of ['dead', 'retrying', 'callback', 'claimed', 'q1', 'q2']) await before.publish(queuedCall(id, id === 'callback' ? { callbackUrl: 'http://there/' } : {}));
    const [dead, retrying, callback] = await before.take(CALLS, 4);
    await before.settle(dead!, end(dead!, 'failed'));
    await before.settle(retrying!, { kind: 'retry', record: { ...retrying!.record, state: 'retrying', nextAttemptMs: clock.nowMs() + 60_000 } });
    await before.settle(callback!, end(callback!));
    const depths = await before.depths();
    await before.close();

    const after = await openQueue({ folder });
    expect(await after.depths()).toEqual(depths);
    expect(depths).toEqual([{ functionKey: F, queued: 2, unfinished: 2, callbacks: 1, dead: 1, oldestMs: expect.any(Number) }]);
    expect((await after.find('claimed'))!.record).toMatchObject({ state: 'retrying', attempts: 1 });
    await after.publish(queuedCall('q3'));
    expect(idsOf(await after.take(CALLS, 10))).toEqual(['claimed', 'q1', 'q2', 'q3']);
  });

  it('open() finds nothing wrong with a copy, nor with what is written to it', async () => {
    const queue = await openQueue({ folder: newFolder() });
    for (let commits = 1; commits <= 2; commits++) {
      await queue.publish(queuedCall(`c${commits}`));
      const folder = newFolder();
      await queue.copyTo(join(folder, 'queue.mdb'));
      for (let start = 1; start <= 3; start++) {
        const copy = await openQueue({ folder });
        expect((await copy.depths())[0]!.queued).toBe(commits + start - 1);
        await copy.publish(queuedCall(`n${start}`));
        await copy.close();
      }
    }
  });

  it('open() takes over what was written before records had checksums', async () => {
    const folder = newFolder();
    const root = open({ path: join(folder, 'queue.mdb'), noSubdir: true, maxDbs: 16 });
    const put = (name: string, key: unknown, value: unknown) => {
      const options = { name, encoder: { useRecords: false } };
      root.openDB(options).putSync(key as string, value);
    };
    put('meta', 'layout', 1);
    put('meta', 'secret', 'a'.repeat(64));
    const old = [queuedCall('old1'), queuedCall('old2')];
    for (const [sequence, call] of old.entries()) {
      const { id } = call;
      put('calls', id, { record: newRecord(call), place: { at: 'lane', lane: CALLS, rank: 1, sequence } });
      put('requests', id, { ...call, body: Buffer.from(call.body) });
      put('lanes', [CALLS, 1, sequence], id);
    }
    await root.close();
    for (let start = 1; start <= 2; start++) {
      const queue = await openQueue({ folder });
      expect(queue.secret).toBe('a'.repeat(64));
      const claims = await queue.take(CALLS, 10);
      expect(claims.map(({ call }) => ({ ...call, body: Buffer.from(call.body).toString() }))).toEqual(old.map((call) => ({ ...call, body: Buffer.from(call.body).toString() })));
      await queue.close();
    }
  });

  it('open() refuses a file of another layout, and names the folder', async () => {
    const folder = newFolder();
    const root = open({ path: join(folder, 'queue.mdb'), noSubdir: true });
    await root.openDB({ name: 'meta' }).put('layout', 99);
    await root.close();
    await expect(openQueue({ folder })).rejects.toThrow(`the queue in ${folder} cannot be opened: its layout is 99`);
  });

  it('settle() with a release gives calls back at their places', async () => {
    const queue = await openQueue({ folder: newFolder() });
    for (const id of ['a', 'b', 'c']) await queue.publish(queuedCall(id));
    const [a, b] = await queue.take(CALLS, 2);
    await queue.settle(b!, { kind: 'release' });
    await queue.settle(a!, { kind: 'release' });
    expect(idsOf(await queue.take(CALLS, 3))).toEqual(['a', 'b', 'c']);
  });

  it('take() gives nothing out whose cancellation was told before', async () => {
    const queue = await openQueue({ folder: newFolder() });
    const told: string[] = [];
    await queue.watch({ ready: () => undefined, cancelled: (id) => told.push(`cancelled ${id}`) });
    // The later of these come behind take() in the same commit.
    for (let turns = 0; turns < 12; turns++) {
      const id = `c${turns}`;
      await queue.publish(queuedCall(id));
      const taking = queue.take(CALLS, 1).then((claims) => claims.forEach(() => told.push(`taken ${id}`)));
      for (let i = 0; i < turns; i++) await Promise.resolve();
      expect(await queue.cancel(id)).toMatchObject({ state: 'cancelled' });
      await taking;
      expect([[], [`cancelled ${id}`], [`taken ${id}`, `cancelled ${id}`]]).toContainEqual(told.splice(0));
    }
    expect(await queue.depths()).toEqual([]);
  });

  it('watch() tells of each lane once, whatever is in it', async () => {
    const queue = await openQueue({ folder: newFolder() });
    for (const name of ['f', 'fa', 'f-a', 'g']) for (const id of ['1', '2']) await queue.publish(queuedCall(name + id, { functionKey: `${name}.openfaas-fn` }));
    const ready: string[] = [];
    await queue.watch({ ready: (lane) => ready.push(lane), cancelled: () => undefined });
    expect(ready.sort()).toEqual(['call:f-a.openfaas-fn', 'call:f.openfaas-fn', 'call:fa.openfaas-fn', 'call:g.openfaas-fn']);
  });

  it('publish() counts those that come at once: there is never one too many', async () => {
    const queue = await openQueue({ folder: newFolder(), maxCalls: 10 });
    const published = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => queue.publish(queuedCall(`c${i}`))));
    expect(published.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    const [claim] = await queue.take(CALLS, 1);
    await queue.settle(claim!, end(claim!));
    expect(await queue.publish(queuedCall('another'))).toBe('stored');
  });

  it('refuses ids that cannot be keys, and finds none of them', async () => {
    const queue = await openQueue({ folder: newFolder() });
    for (const id of ['', 'x'.repeat(501), 'a\0b']) {
      await expect(queue.publish(queuedCall(id))).rejects.toMatchObject({ code: 'invalid-request' });
      expect(await queue.find(id)).toBeUndefined();
    }
    expect(await queue.publish(queuedCall('€'.repeat(500), { functionKey: '€'.repeat(500) }))).toBe('stored');
  });

  it('deadLetters() goes on behind the last one, of one function as of all', async () => {
    const queue = await openQueue({ folder: newFolder() });
    for (const [id, functionKey] of [['a', F], ['b', 'g.x'], ['c', F], ['d', F]] as const) {
      await queue.publish(queuedCall(id, { functionKey }));
      const [claim] = await queue.take(laneOf('call', functionKey), 1);
      await queue.settle(claim!, end(claim!, 'failed'));
      await sleep(2);
    }
    const ids = async (query: object) => (await queue.deadLetters({ most: 2, ...query })).map(({ id }) => id);
    expect(await ids({})).toEqual(['a', 'b']);
    expect(await ids({ after: 'b' })).toEqual(['c', 'd']);
    expect(await ids({ functionKey: F, after: 'a' })).toEqual(['c', 'd']);
    expect(await ids({ functionKey: F, after: 'd' })).toEqual([]);
    expect(await ids({ functionKey: 'g.x' })).toEqual(['b']);
  });

  it('purge() and redrive() take a dead letter away from its callback', async () => {
    const queue = await openQueue({ folder: newFolder() });
    for (const id of ['purged', 'redriven']) {
      await queue.publish(queuedCall(id, { callbackUrl: 'http://there/' }));
      const [claim] = await queue.take(CALLS, 1);
      await queue.settle(claim!, end(claim!, 'failed'));
    }
    const [callback] = await queue.take(CALLBACKS, 1);
    expect([await queue.purge('purged'), await queue.redrive('redriven')]).toEqual([true, true]);
    await queue.settle(callback!, { kind: 'callback-end', record: callback!.record });
    expect(await queue.find('purged')).toBeUndefined();
    expect(await queue.take(CALLBACKS, 1)).toEqual([]);
    expect(idsOf(await queue.take(CALLS, 2))).toEqual(['redriven']);
  });

  it('forgets dead letters later than what has ended', async () => {
    const queue = await openQueue({ folder: newFolder(), keepEndedMs: 100, keepDeadMs: 2_000 });
    for (const id of ['ended', 'dead']) await queue.publish(queuedCall(id));
    const [ended, dead] = await queue.take(CALLS, 2);
    await queue.settle(ended!, end(ended!));
    await queue.settle(dead!, end(dead!, 'failed'));
    while (await queue.find('ended')) await sleep(20);
    expect(await queue.deadLetter('dead')).toMatchObject({ id: 'dead' });
    while (await queue.find('dead')) await sleep(20);
    expect(await queue.deadLetters({ most: 1 })).toEqual([]);
    expect(await queue.depths()).toEqual([]);
  });

  it('close() waits for what is being written; everything rejects afterwards', async () => {
    const folder = newFolder();
    const queue = await openQueue({ folder });
    const published = queue.publish(queuedCall('a'));
    await queue.close();
    await published;
    await expect(queue.find('a')).rejects.toMatchObject({ code: 'backend-unavailable' });
    await expect(queue.publish(queuedCall('b'))).rejects.toMatchObject({ code: 'backend-unavailable' });
    expect((await (await openQueue({ folder })).find('a'))!.record.id).toBe('a');
  });

  it('what a process said was stored or ended is so when it was killed in the middle', async () => {
    const folder = newFolder();
    const script = join(newFolder(join(REPOSITORY, 'node_modules')), 'publish.mjs');
    buildSync({ entryPoints: [join(__dirname, 'publish-until-killed.ts')], outfile: script, bundle: true, platform: 'node', format: 'esm', external: ['lmdb'], tsconfig: join(REPOSITORY, 'tsconfig.json') });
    for (let round = 1; round <= 3; round++) {
      const home = join(folder, String(round));
      const { stored, ended } = await runUntilKilled(script, home);
      expect(Math.min(stored.length, ended.length)).toBeGreaterThan(100);
      const queue = await openQueue({ folder: home });
      const missing: string[] = [];
      for (const id of stored) if (!(await queue.find(id))) missing.push(id);
      for (const id of ended) if ((await queue.find(id))?.record.state !== 'succeeded') missing.push(id);
      expect(missing).toEqual([]);
      const rest: string[] = [];
      // Those that were running come too: nobody runs them any more.
      for (let claims = await queue.take(CALLS, 100); claims.length > 0; claims = await queue.take(CALLS, 100)) rest.push(...idsOf(claims));
      const lost = new Set(stored);
      for (const id of [...ended, ...rest]) lost.delete(id);
      // Ended, and killed before it could say so.
      for (const id of lost) if ((await queue.find(id))?.record.state === 'succeeded') lost.delete(id);
      expect([...lost]).toEqual([]);
      expect(new Set(rest).size).toBe(rest.length);
    }
  });
});

async function runUntilKilled(script: string, folder: string): Promise<{ stored: readonly string[]; ended: readonly string[] }> {
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.length > 40_000) child.kill('SIGKILL');
  });
  await closed;
  // The last line may be cut short.
  const lines = output.slice(0, output.lastIndexOf('\n')).split('\n');
  const withWord = (word: string) => lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  return { stored: withWord('stored'), ended: withWord('ended') };
}

const DISK = mkdtempSync(join(tmpdir(), 'shoal-disk-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', DISK]).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', [DISK]);
  rmSync(DISK, { recursive: true, force: true });
});

describeUnlessMissing('LmdbInvocationQueue on a small disk', mounted ? undefined : 'root, to mount one', () => {
  const BODY = new Uint8Array(50_000).fill(7);
  let queue: LmdbInvocationQueue;

  async function publishUntilFull(prefix: string, body = BODY): Promise<{ ids: readonly string[]; error: unknown }> {
    const ids: string[] = [];
    for (;;) {
      const id = `${prefix}${ids.length}`;
      try {
        await queue.publish(queuedCall(id, { body }));
        ids.push(id);
      } catch (error) {
        return { ids, error };
      }
    }
  }

  beforeEach(() => {
    // lmdb writes each failed commit there too.
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
    mkdirSync(join(DISK, 'queue'));
  });
  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(join(DISK, 'queue'), { recursive: true });
  });

  it('publish() rejects with queue-full, keeps what it had, and works again when there is room', async () => {
    const filler = join(DISK, 'filler');
    writeFileSync(filler, new Uint8Array(2 * 1024 * 1024));
    queue = await openQueue({ folder: join(DISK, 'queue') });
    const first = await publishUntilFull('a');
    expect(first.error).toMatchObject({ code: 'queue-full', cause: expect.anything() });
    expect(first.ids.length).toBeGreaterThan(10);
    await expect(Promise.all([1, 2, 3].map((i) => queue.publish(queuedCall(`x${i}`, { body: BODY }))))).rejects.toMatchObject({ code: 'queue-full' });
    expect((await queue.depths())[0]!.queued).toBe(first.ids.length);

    rmSync(filler);
    const second = await publishUntilFull('b');
    expect(second.ids.length).toBeGreaterThan(10);
    await queue.close();
    queue = await openQueue({ folder: join(DISK, 'queue') });
    expect((await queue.depths())[0]!.queued).toBe(first.ids.length + second.ids.length);
  });

  // Where the disk ends within what a call needs is another place with each length.
  it.each([300, 38_000, 42_000, 50_000, 57_000])('what is there can be run and ended, which makes room, with bodies of %d bytes', async (length) => {
    const body = new Uint8Array(length).fill(7);
    queue = await openQueue({ folder: join(DISK, 'queue'), keepEndedMs: 0 });
    const { ids } = await publishUntilFull('a', body);
    const ran: string[] = [];
    for (let claims = await queue.take(CALLS, 5); claims.length > 0; claims = await queue.take(CALLS, 5)) {
      expect(claims.every(({ call }) => Buffer.compare(call.body, body) === 0)).toBe(true);
      await Promise.all(claims.map((claim) => queue.settle(claim, end(claim))));
      ran.push(...idsOf(claims));
    }
    expect(ran).toEqual(ids);
    const again = await publishUntilFull('b', body);
    expect(again.ids.length).toBeGreaterThan(ids.length / 2);
  });
});
