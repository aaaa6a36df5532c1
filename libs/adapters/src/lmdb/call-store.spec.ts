import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newRecord } from '@shoal/domain/queue/queued-call';
import { laneOf } from '@shoal/domain/queue/lane';
import { parseRetryPolicy } from '@shoal/domain/queue/retry-policy';
import { CallStore } from './call-store';
import { DiskReserve } from './disk-reserve';
import { bringerForward } from './overdue-calls';

describe('CallStore', () => {
  let folder: string;
  let store: CallStore;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-store-'));
    store = new CallStore(folder);
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('brings each call forward once, also when a write between them fails', async () => {
    const functionKey = 'f.openfaas-fn';
    const ids = Array.from({ length: 1_200 }, (_, i) => `c${i}`);
    await store.write((replace) => {
      for (const [i, id] of ids.entries()) {
        const record = newRecord({ id, idChosen: false, functionKey, method: 'GET', rest: '', headers: [], body: Buffer.alloc(0), acceptedMs: 0, retry: parseRetryPolicy({}), concurrency: 1 });
        replace(id, undefined, { record, place: { at: 'waiting', lane: laneOf('call', functionKey), dueMs: 1_000_000 + i } });
      }
    });
    let writes = 0;
    const failing = Object.create(store, {
      write: { value: (action: Parameters<CallStore['write']>[0]) => (++writes === 2 ? Promise.reject(new Error('the disk is full')) : store.write(action)) },
    }) as CallStore;
    const bringForward = bringerForward(failing);
    await expect(bringForward(5_000)).rejects.toThrow('the disk is full');
    await bringForward(5_000);
    expect(ids.map((id) => (store.call(id)!.place as { dueMs: number }).dueMs)).toEqual(ids.map((_, i) => 995_000 + i));
    await bringForward(5_000);
    expect((store.call('c0')!.place as { dueMs: number }).dueMs).toBe(990_000);
  });

  it('keeps its files to the owner, also those that others could read before', async () => {
    const files = ['queue.mdb', 'queue.mdb-lock'].map((name) => join(folder, name));
    await store.close();
    for (const file of files) if (existsSync(file)) chmodSync(file, 0o664);
    store = new CallStore(folder);
    for (const file of files) expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  });

  it('says which file is gone, and which it cannot find', async () => {
    const add = () => store.add(() => 'added');
    expect(await Promise.all([add(), add()])).toEqual(['added', 'added']);
    const file = join(folder, 'queue.mdb');
    unlinkSync(file);
    await expect(add()).rejects.toMatchObject({ code: 'backend-unavailable', message: expect.stringMatching(/queue\.mdb was removed or replaced/) });
    symlinkSync(file, file);
    await expect(add()).rejects.toMatchObject({ code: 'backend-unavailable', message: expect.stringMatching(/queue\.mdb cannot be found \(ELOOP\), so nothing is accepted for now/) });
  });
});

describe('DiskReserve', () => {
  it('sets aside anew what was only half there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-reserve-'));
    writeFileSync(join(folder, 'reserve'), 'cut');
    expect(new DiskReserve(folder).hold()).toBe(true);
    expect(statSync(join(folder, 'reserve')).size).toBeGreaterThan(1_000_000);
    rmSync(folder, { recursive: true });
  });
});
