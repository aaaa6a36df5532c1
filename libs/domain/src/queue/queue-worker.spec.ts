import { FakeClock } from '../testing/fake-clock';
import { InMemoryInvocationQueue } from '../testing/in-memory-invocation-queue';
import type { Callback, Invocation, InvocationOptions } from './invoker';
import type { QueuedCall, StoredAnswer } from './queued-call';
import { QueueWorker } from './queue-worker';
import { parseRetryPolicy } from './retry-policy';
import { ShoalError } from '../shared/errors';

const OK: StoredAnswer = { status: 200, headers: ['Content-Type', 'text/plain'], body: new Uint8Array([1]) };
const settled = async () => {
  for (let i = 0; i < 200; i++) await Promise.resolve();
};

/** A function under test: begun calls wait until they are ended. */
interface Begun {
  readonly call: QueuedCall;
  readonly options: InvocationOptions;
  end(invocation?: Partial<Invocation>): Promise<void>;
}

function setUp({ concurrency = 100 } = {}) {
  const clock = new FakeClock();
  clock.advance(1_700_000_000_000);
  const queue = new InMemoryInvocationQueue({ clock, claimMs: 30_000 });
  const begun: Begun[] = [];
  const sent: Callback[] = [];
  const events: string[] = [];
  const problems: (string | undefined)[] = [];
  const receiver = { answer: async (): Promise<StoredAnswer> => ({ status: 200, headers: [] }) };
  const worker = new QueueWorker({
    queue,
    clock,
    concurrency,
    random: () => 1,
    callLimitMs: 60_000,
    renewMs: 10_000,
    defaultNamespace: 'openfaas-fn',
    observer: { observed: (_key, event) => events.push(event) },
    problem: (text) => problems.push(text),
    callbacks: {
      send: (callback) => {
        sent.push(callback);
        return receiver.answer();
      },
    },
    invoker: {
      invoke: (call, options) =>
        new Promise((resolve) => {
          const end = async (invocation: Partial<Invocation> = {}) => {
            begun.splice(begun.indexOf(one), 1);
            resolve({ attempt: { kind: 'answered', answer: OK }, waitedMs: 0, ...invocation });
            await settled();
          };
          const one: Begun = { call, options, end };
          options.call.whenCancelled(() => void end({ attempt: { kind: 'failed', code: 'client-closed', message: 'broken off' } }));
          begun.push(one);
        }),
    },
  });
  let count = 0;
  const publish = async (changes: Partial<QueuedCall> = {}) => {
    const call: QueuedCall = {
      id: `c${count++}`, idChosen: false, functionKey: 'f.openfaas-fn', method: 'POST', rest: '/', headers: [], body: new Uint8Array(0),
      acceptedMs: clock.nowMs(), retry: parseRetryPolicy({}), concurrency: 100, ...changes,
    }; // prettier-ignore
    await queue.publish(call);
    await settled();
    return call.id;
  };
  const pass = async (ms: number) => {
    clock.advance(ms);
    await settled();
  };
  const record = async (id: string) => (await queue.find(id))!.record;
  return { clock, queue, worker, begun, sent, events, problems, receiver, publish, pass, record };
}

const status = (code: number): Partial<Invocation> => ({ attempt: { kind: 'answered', answer: { ...OK, status: code } } });

describe('QueueWorker', () => {
  it('runs what waits and what comes, and records how it ended', async () => {
    const { worker, publish, begun, queue, record, events } = setUp();
    const early = await publish();
    await worker.start();
    await settled();
    const late = await publish();
    expect(begun.map(({ call }) => call.id)).toEqual([early, late]);
    expect(worker.runningOf('f.openfaas-fn')).toBe(2);
    await begun[0]!.end();
    await begun[0]!.end(status(404));
    expect(await queue.find(early)).toMatchObject({ record: { state: 'succeeded', attempts: 1, outcome: { status: 200 } }, answer: { status: 200 } });
    expect(await record(late)).toMatchObject({ state: 'failed', outcome: { status: 404 } });
    expect(events).toEqual(['succeeded', 'failed']);
    expect(worker.rateOf('f.openfaas-fn')).toBeCloseTo(0.1);
  });

  it('tries again after a growing wait, marks the repeats, and ends in a dead letter', async () => {
    const { worker, publish, begun, pass, record, queue } = setUp();
    await worker.start();
    const id = await publish({ retry: parseRetryPolicy({ 'com.openfaas.retry.attempts': '2' }) });
    for (const [repeats, waitMs] of [[0, 1_000], [1, 2_000]] as const) {
      expect(begun[0]!.options.repeats).toBe(repeats);
      await begun[0]!.end(status(503));
      expect(await record(id)).toMatchObject({ state: 'retrying', outcome: { status: 503 } });
      await pass(waitMs - 1);
      expect(begun).toEqual([]);
      await pass(1);
    }
    await begun[0]!.end(status(503));
    expect(await record(id)).toMatchObject({ state: 'failed', attempts: 3 });
    expect((await queue.deadLetters({ most: 10 })).map((one) => one.id)).toEqual([id]);
  });

  it('gives a function fewer calls when it has no room, and more when it takes them', async () => {
    const { worker, publish, begun, pass } = setUp();
    await worker.start();
    for (let i = 0; i < 200; i++) await publish();
    expect(begun.length).toBe(10);
    await begun[0]!.end(status(429));
    expect(begun.length).toBe(9);
    for (let i = 0; i < 5; i++) await begun[0]!.end();
    expect(begun.length).toBeGreaterThanOrEqual(5);
    expect(begun.length).toBeLessThanOrEqual(6);
    await pass(2_000);
    for (let i = 0; i < 100; i++) await begun[0]!.end();
    expect(begun.length).toBeGreaterThan(10);
    expect(begun.length).toBeLessThanOrEqual(25);
  });

  it('gives it fewer also when its calls wait long for room', async () => {
    const { worker, publish, begun } = setUp();
    await worker.start();
    for (let i = 0; i < 50; i++) await publish();
    await begun[0]!.end({ waitedMs: 5_000 });
    expect(begun.length).toBe(9);
  });

  it('does not let a flood of one function starve another', async () => {
    const { worker, publish, begun } = setUp({ concurrency: 20 });
    for (const name of ['a', 'b', 'c']) for (let i = 0; i < 500; i++) await publish({ functionKey: `${name}.openfaas-fn` });
    for (let i = 0; i < 500; i++) await publish({ functionKey: 'flood.openfaas-fn' });
    await worker.start();
    await settled();
    for (let i = 0; i < 30; i++) await begun.find(({ call }) => call.functionKey === 'flood.openfaas-fn')!.end();
    expect(begun.length).toBe(20);
    expect(begun.filter(({ call }) => call.functionKey === 'flood.openfaas-fn').length).toBe(5);
    await publish({ functionKey: 'quiet.openfaas-fn' });
    // The next place that falls free is the quiet one's, or the one after it.
    await begun[0]!.end();
    await begun[0]!.end();
    expect(begun.some(({ call }) => call.functionKey === 'quiet.openfaas-fn')).toBe(true);
  });

  it('keeps within what a function says that it takes', async () => {
    const { worker, publish, begun } = setUp();
    await worker.start();
    for (let i = 0; i < 30; i++) await publish({ concurrency: 2 });
    // It is told with the first calls.
    for (let i = 0; i < 12; i++) await begun[0]!.end();
    expect(begun.length).toBe(2);
  });

  it('renews the claims of long calls, so that nothing runs twice because it is slow', async () => {
    const { worker, publish, begun, pass, record } = setUp();
    await worker.start();
    const id = await publish();
    for (let i = 0; i < 30; i++) await pass(10_000);
    expect(begun.length).toBe(1);
    await begun[0]!.end();
    expect(await record(id)).toMatchObject({ state: 'succeeded', attempts: 1 });
  });

  it('breaks a call off that is cancelled', async () => {
    const { worker, publish, begun, queue, record } = setUp();
    await worker.start();
    const id = await publish();
    await queue.cancel(id);
    await settled();
    expect(begun).toEqual([]);
    expect(await record(id)).toMatchObject({ state: 'cancelled' });
  });

  it('sends the outcome on, with what the function answered and what became of the call', async () => {
    const { worker, publish, begun, sent, record } = setUp();
    await worker.start();
    const id = await publish({ callbackUrl: 'http://there/', headers: ['Authorization', 'secret'] });
    await begun[0]!.end({ attempt: { kind: 'answered', answer: { status: 201, headers: ['X-Own', 'a', 'X-Call-Id', 'forged', 'Content-Length', '99'], body: new Uint8Array([7]) } } });
    expect(sent).toEqual([
      {
        url: 'http://there/',
        headers: ['X-Own', 'a', 'X-Duration-Seconds', '0.000000', 'X-Function-Status', '201', 'X-Function-Name', 'f', 'X-Call-Id', id, 'X-Retry', '0', 'X-Retry-Max', '5'],
        body: new Uint8Array([7]),
      },
    ]);
    expect(await record(id)).toMatchObject({ state: 'succeeded', callback: { state: 'delivered', attempts: 1, status: 200 } });
  });

  it('sends a failure on as unavailable, without a body', async () => {
    const { worker, publish, begun, sent } = setUp();
    await worker.start();
    await publish({ callbackUrl: 'http://there/', functionKey: 'f.other' });
    await begun[0]!.end({ attempt: { kind: 'failed', code: 'function-not-found', message: 'gone' } });
    expect(sent[0]).toMatchObject({ body: new Uint8Array(0), headers: expect.arrayContaining(['X-Function-Status', '503', 'X-Function-Name', 'f.other', 'X-Shoal-Error', 'function-not-found']) });
  });

  it('offers an outcome again without running the call again, and gives up on a redirect or a refusal', async () => {
    const { worker, publish, begun, sent, receiver, pass, record } = setUp();
    await worker.start();
    receiver.answer = async () => {
      throw new ShoalError('replica-unreachable', 'nobody there');
    };
    const id = await publish({ callbackUrl: 'http://there/' });
    await begun[0]!.end();
    expect(await record(id)).toMatchObject({ state: 'succeeded', callback: { state: 'pending', attempts: 1, message: 'nobody there' } });
    receiver.answer = async () => ({ status: 302, headers: [] });
    await pass(5_000);
    expect([sent.length, begun.length]).toEqual([2, 0]);
    expect(await record(id)).toMatchObject({ state: 'succeeded', callback: { state: 'failed', attempts: 2, status: 302 } });
  });

  it('does not begin what is too late, nor what has killed whoever ran it', async () => {
    const { worker, publish, begun, record, clock, queue, pass } = setUp();
    const late = await publish({ acceptedMs: clock.nowMs() - 48 * 3_600_000 });
    const deadly = await publish({ retry: parseRetryPolicy({ 'com.openfaas.retry.attempts': '0' }) });
    await queue.take('call:f.openfaas-fn', 2);
    await pass(30_001);
    await worker.start();
    await settled();
    expect(begun).toEqual([]);
    expect(await record(late)).toMatchObject({ state: 'failed', outcome: { message: expect.stringMatching(/time was over/) } });
    expect(await record(deadly)).toMatchObject({ state: 'failed', outcome: { message: expect.stringMatching(/died/) } });
  });

  it('holds what it has done until the queue is there again, and says once that it is not', async () => {
    const { worker, publish, begun, queue, pass, record, problems } = setUp();
    await worker.start();
    const id = await publish();
    const settle = queue.settle.bind(queue);
    queue.settle = async () => {
      throw new ShoalError('backend-unavailable', 'no queue');
    };
    await begun[0]!.end();
    await pass(500);
    await pass(500);
    expect((await record(id)).state).toBe('running');
    queue.settle = settle;
    await pass(500);
    expect(await record(id)).toMatchObject({ state: 'succeeded', attempts: 1 });
    expect(problems).toEqual(['no queue', undefined]);
  });

  it('goes on taking after the queue was away', async () => {
    const { worker, publish, begun, queue, pass } = setUp();
    await worker.start();
    const take = queue.take.bind(queue);
    queue.take = async () => {
      throw new ShoalError('backend-unavailable', 'no queue');
    };
    await publish();
    await pass(500);
    queue.take = take;
    await pass(500);
    expect(begun.length).toBe(1);
  });

  it('goes on with a lane of which it got fewer than it asked for', async () => {
    const { worker, publish, begun, queue } = setUp();
    for (let i = 0; i < 30; i++) await publish();
    const take = queue.take.bind(queue);
    // As when one of them is cancelled at this very moment.
    queue.take = async (lane, most) => take(lane, Math.max(1, most - 1));
    await worker.start();
    for (let i = 0; i < 30; i++) {
      await settled();
      await begun[0]!.end();
    }
    expect((await queue.depths())[0]).toMatchObject({ queued: 0, unfinished: 0 });
  });

  it('asks a receiver that has no room no more often than others, and not before it says', async () => {
    const { worker, publish, begun, sent, receiver, pass, record } = setUp();
    await worker.start();
    receiver.answer = async () => ({ status: 429, headers: ['Retry-After', '60'] });
    const id = await publish({ callbackUrl: 'http://there/' });
    await begun[0]!.end();
    await pass(59_000);
    expect(sent.length).toBe(1);
    for (let i = 0; i < 1_000; i++) await pass(10_000);
    expect(sent.length).toBe(13);
    expect((await record(id)).callback).toMatchObject({ state: 'failed', status: 429 });
  });

  it('gives a call that was sent again its time anew', async () => {
    const { worker, publish, begun, queue, pass, record } = setUp();
    await worker.start();
    const id = await publish();
    await begun[0]!.end(status(400));
    await pass(48 * 3_600_000);
    await queue.redrive(id);
    await settled();
    await begun[0]!.end();
    expect(await record(id)).toMatchObject({ state: 'succeeded', attempts: 1 });
  });

  it('says what was wrong before when the time is over', async () => {
    const { worker, publish, begun, pass, record } = setUp();
    await worker.start();
    const id = await publish({ retry: parseRetryPolicy({ 'com.openfaas.retry.deadline': '10s' }) });
    await begun[0]!.end({ attempt: { kind: 'answered', answer: { status: 503, headers: ['Retry-After', '9'] } } });
    await pass(60_000);
    expect(await record(id)).toMatchObject({ state: 'failed', outcome: { status: 503 } });
  });

  it('keeps what was answered while it was being broken off', async () => {
    const { worker, publish, begun, pass, record } = setUp();
    await worker.start();
    const id = await publish();
    const { options, end } = begun[0]!;
    options.call.whenCancelled(() => void end());
    void worker.drain(5_000);
    await pass(5_000);
    expect(await record(id)).toMatchObject({ state: 'succeeded', attempts: 1 });
  });

  it('drain() lets calls finish, takes no more, and breaks off what takes too long so that it goes back', async () => {
    const { worker, publish, begun, pass, record } = setUp();
    await worker.start();
    const [quick, slow] = [await publish(), await publish()];
    let drained = false;
    void worker.drain(5_000).then(() => (drained = true));
    const later = await publish();
    await begun[0]!.end();
    expect(await record(quick)).toMatchObject({ state: 'succeeded' });
    expect(drained).toBe(false);
    await pass(5_000);
    expect(drained).toBe(true);
    expect(await record(slow)).toMatchObject({ state: 'retrying', attempts: 1 });
    expect(await record(later)).toMatchObject({ state: 'queued' });
    expect(begun).toEqual([]);
  });
});
