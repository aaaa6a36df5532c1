import { ReplicaDirectory } from '../invocation/replica-directory';
import { FakeClock } from '../testing/fake-clock';
import { aFunction } from '../testing/function-spec';
import { InMemoryInvocationQueue } from '../testing/in-memory-invocation-queue';
import { Enqueue, type AsyncRequest } from './enqueue';

const ID = { name: 'f', namespace: 'openfaas-fn' };

function setUp(annotations: Readonly<Record<string, string>> = {}) {
  const clock = new FakeClock();
  const queue = new InMemoryInvocationQueue({ clock, maxBodyBytes: 100 });
  const directory = new ReplicaDirectory();
  directory.apply({ kind: 'present', state: { spec: { ...aFunction('f'), id: ID, annotations }, createdAt: '', replicas: 1, ready: [] } });
  let count = 0;
  const events: string[] = [];
  const enqueue = new Enqueue({
    queue,
    directory,
    ids: { fresh: () => `fresh-${count++}`, derived: (text) => `derived-${text.replace('\n', '-')}` },
    observer: { observed: (key, event) => events.push(`${key} ${event}`) },
    callbackProblem: (url) => (url.includes('private') ? 'must not lead there' : undefined),
  });
  const request = (changes: Partial<AsyncRequest> = {}): AsyncRequest => ({ functionId: ID, method: 'POST', rest: '/', headers: [], body: new Uint8Array(1), acceptedMs: 5, ...changes });
  return { queue, enqueue, request, events };
}

describe('Enqueue.enqueue()', () => {
  it('stores the call under an id of ours, with what the function wants of its queue', async () => {
    const { enqueue, queue, request, events } = setUp({ 'com.openfaas.retry.attempts': '1', 'com.openfaas.async.concurrency': '7' });
    expect(await enqueue.enqueue(request({ callbackUrl: 'http://there/' }))).toEqual({ id: 'fresh-0', repeated: false });
    const [claim] = await queue.take('call:f.openfaas-fn', 1);
    expect(claim!.call).toMatchObject({ id: 'fresh-0', idChosen: false, callbackUrl: 'http://there/', concurrency: 7, retry: { attempts: 1 } });
    expect(events).toEqual(['f.openfaas-fn accepted']);
  });

  it("keeps a caller's own id, unless another call has it", async () => {
    const { enqueue, queue, request } = setUp();
    expect(await enqueue.enqueue(request({ chosenId: 'mine' }))).toEqual({ id: 'mine', repeated: false });
    expect(await enqueue.enqueue(request({ chosenId: 'mine' }))).toEqual({ id: 'fresh-0', repeated: false });
    expect((await queue.find('mine'))!.record.idChosen).toBe(true);
    expect((await queue.find('fresh-0'))!.record.idChosen).toBe(false);
  });

  it('makes one call of two requests with the same key, and counts it once', async () => {
    const { enqueue, queue, request, events } = setUp();
    const first = await enqueue.enqueue(request({ idempotencyKey: 'k', chosenId: 'mine' }));
    const second = await enqueue.enqueue(request({ idempotencyKey: 'k' }));
    expect([first.repeated, second.repeated, first.id]).toEqual([false, true, second.id]);
    expect((await enqueue.enqueue(request({ idempotencyKey: 'other' }))).id).not.toBe(first.id);
    expect((await queue.take('call:f.openfaas-fn', 9)).length).toBe(2);
    expect(events.length).toBe(2);
  });

  it.each([
    ['function-not-found', { functionId: { name: 'nobody', namespace: 'x' } }],
    ['invalid-request', { callbackUrl: 'http://private/' }],
    ['body-too-large', { body: new Uint8Array(101) }],
  ])('rejects with %s', async (code, changes) => {
    const { enqueue, request, events } = setUp();
    await expect(enqueue.enqueue(request(changes))).rejects.toMatchObject({ code });
    expect(events).toEqual([]);
  });
});
