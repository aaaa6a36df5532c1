import type { Claim, InvocationQueue, QueueListener, ScheduleLog, Settlement } from '@shoal/domain/queue/invocation-queue';
import { laneOf, type Lane } from '@shoal/domain/queue/lane';
import type { CallRecord, QueuedCall, StoredAnswer } from '@shoal/domain/queue/queued-call';
import { parseRetryPolicy } from '@shoal/domain/queue/retry-policy';

/** One queue under test, and how to do to it what happens in the world. */
export interface QueueUnderTest {
  readonly queue: InvocationQueue & ScheduleLog;
  /** Milliseconds since the Unix epoch, of the clock that the queue goes by. */
  nowMs(): number;
  /** Lets time pass: on the queue's own clock, or in the world. */
  pass(ms: number): Promise<void>;
  /** The process dies without a word, and another opens the same store; absent where nothing outlives the process. */
  restart?(): Promise<InvocationQueue & ScheduleLog>;
  /** Removes everything. */
  dispose(): Promise<void>;
}

export interface QueueSettings {
  readonly maxBodyBytes: number;
  readonly maxCalls: number;
  /** Ended calls are forgotten after so long. */
  readonly keepEndedMs: number;
  /** A claim that is not renewed is taken away after so long; unused by a store of one process. */
  readonly claimMs: number;
}

const SETTINGS: QueueSettings = { maxBodyBytes: 64 * 1024, maxCalls: 1_000, keepEndedMs: 60_000, claimMs: 60_000 };
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array | undefined) => new TextDecoder().decode(body);
const CALLS = laneOf('call', 'f.openfaas-fn');
const CALLBACKS = laneOf('callback', 'f.openfaas-fn');

export function queuedCall(id: string, changes: Partial<QueuedCall> = {}): QueuedCall {
  return {
    id,
    idChosen: false,
    functionKey: 'f.openfaas-fn',
    method: 'POST',
    rest: '/a%2Fb?c=d',
    headers: ['X-One', '1', 'X-Two', 'ü'],
    body: bytes(`body of ${id}`),
    acceptedMs: 1_700_000_000_000,
    retry: parseRetryPolicy({}),
    concurrency: 10,
    ...changes,
  };
}

const answerOf = (body: string): StoredAnswer => ({ status: 200, headers: ['Content-Type', 'text/plain'], body: bytes(body) });

export function describeInvocationQueue(name: string, create: (settings: QueueSettings) => Promise<QueueUnderTest>): void {
  describe(`${name}, an invocation queue`, () => {
    let test: QueueUnderTest;
    let queue: InvocationQueue & ScheduleLog;
    const begin = async (settings: Partial<QueueSettings> = {}) => {
      test = await create({ ...SETTINGS, ...settings });
      queue = test.queue;
    };
    afterEach(() => test.dispose());

    /** As a worker does: some stores need a moment, or answer with fewer than they have. */
    async function takeAll(lane: Lane, count: number, limitMs = 10_000): Promise<readonly Claim[]> {
      const claims: Claim[] = [];
      const deadline = Date.now() + limitMs;
      while (claims.length < count) {
        claims.push(...(await queue.take(lane, count - claims.length)));
        if (claims.length < count) {
          if (Date.now() > deadline) throw new Error(`only ${claims.length} of ${count} calls could be taken`);
          await test.pass(20);
        }
      }
      return claims;
    }
    const takeOne = async (lane: Lane = CALLS) => (await takeAll(lane, 1))[0]!;
    const ended = (claim: Claim, changes: Partial<CallRecord> = {}): CallRecord => ({ ...claim.record, state: 'succeeded', endedMs: test.nowMs(), outcome: { status: 200, durationMs: 1 }, ...changes });
    const succeed = (claim: Claim, answer = answerOf('done')) => queue.settle(claim, { kind: 'end', record: ended(claim), answer });
    const fail = (claim: Claim) =>
      queue.settle(claim, { kind: 'end', record: ended(claim, { state: 'failed', outcome: { status: 500, message: 'no', durationMs: 1 } }), answer: { ...answerOf('oh'), status: 500 } });
    const retryIn = (claim: Claim, ms: number): Settlement => ({ kind: 'retry', record: { ...claim.record, state: 'retrying', nextAttemptMs: test.nowMs() + ms } });

    it('publish() stores a call that take() gives out whole, and counts the attempt', async () => {
      await begin();
      const call = queuedCall('a', { callbackUrl: 'http://there/', idChosen: true });
      expect(await queue.publish(call)).toBe('stored');
      expect((await queue.find('a'))!.record).toMatchObject({ id: 'a', idChosen: true, state: 'queued', attempts: 0, acceptedMs: call.acceptedMs });
      const claim = await takeOne();
      expect({ ...claim.call, body: text(claim.call.body) }).toEqual({ ...call, body: 'body of a' });
      expect(claim.record).toMatchObject({ state: 'running', attempts: 1, callback: { url: 'http://there/', state: 'pending' } });
      expect((await queue.find('a'))!.record).toEqual(claim.record);
      expect(await queue.take(CALLS, 1)).toEqual([]);
    });

    it('publish() of an id that is known changes nothing, also when it comes twice at once', async () => {
      await begin();
      expect(await queue.publish(queuedCall('a'))).toBe('stored');
      expect(await queue.publish(queuedCall('a', { body: bytes('another') }))).toBe('known');
      const both = await Promise.all([queue.publish(queuedCall('b')), queue.publish(queuedCall('b'))]);
      expect(both.sort()).toEqual(['known', 'stored']);
      await succeed((await takeAll(CALLS, 2))[0]!);
      expect(await queue.publish(queuedCall('a'))).toBe('known');
      expect(await queue.take(CALLS, 1)).toEqual([]);
    });

    it('take() gives out the calls of a function in the order in which they were accepted, and of others none', async () => {
      await begin();
      const ids = Array.from({ length: 30 }, (_, i) => `c${String(i).padStart(2, '0')}`);
      for (const id of ids) await queue.publish(queuedCall(id));
      await queue.publish(queuedCall('other', { functionKey: 'g.openfaas-fn' }));
      const first = await takeAll(CALLS, 10);
      const rest = await takeAll(CALLS, 20);
      expect([...first, ...rest].map(({ call }) => call.id)).toEqual(ids);
      expect((await takeOne(laneOf('call', 'g.openfaas-fn'))).call.id).toBe('other');
    });

    it('take() gives each call to one taker only', async () => {
      await begin();
      await Promise.all(Array.from({ length: 50 }, (_, i) => queue.publish(queuedCall(`c${i}`))));
      const claims = (await Promise.all(Array.from({ length: 5 }, () => takeAll(CALLS, 10)))).flat();
      expect(new Set(claims.map(({ call }) => call.id)).size).toBe(50);
    });

    it('settle() with the end keeps record and answer, and the call is not given out again', async () => {
      await begin();
      await queue.publish(queuedCall('a'));
      const claim = await takeOne();
      await succeed(claim, answerOf('the answer'));
      const found = (await queue.find('a'))!;
      expect(found.record).toEqual(ended(claim, { endedMs: found.record.endedMs! }));
      expect({ ...found.answer, body: text(found.answer!.body) }).toEqual({ ...answerOf(''), body: 'the answer' });
      expect(await queue.take(CALLS, 1)).toEqual([]);
      expect(await queue.take(CALLBACKS, 1)).toEqual([]);
    });

    it('settle() with an answer that was too long to keep keeps its head', async () => {
      await begin();
      await queue.publish(queuedCall('a'));
      await queue.settle(await takeOne(), { kind: 'end', record: { ...(await queue.find('a'))!.record, state: 'succeeded' }, answer: { status: 200, headers: ['A', 'b'] } });
      expect((await queue.find('a'))!.answer).toEqual({ status: 200, headers: ['A', 'b'] });
    });

    it('settle() for a retry gives the call out again when it is due and not before, ahead of those that came later', async () => {
      await begin();
      await queue.publish(queuedCall('a'));
      const claim = await takeOne();
      await queue.settle(claim, retryIn(claim, 600));
      expect((await queue.find('a'))!.record).toMatchObject({ state: 'retrying', attempts: 1 });
      await queue.publish(queuedCall('later'));
      expect((await takeOne()).call.id).toBe('later');
      expect(await queue.take(CALLS, 1)).toEqual([]);
      await test.pass(600);
      const again = await takeOne();
      expect(again.call.id).toBe('a');
      expect(again.record).toMatchObject({ state: 'running', attempts: 2 });
      expect(again.record.nextAttemptMs).toBeUndefined();
      expect(text(again.call.body)).toBe('body of a');
    });

    it('settle() with a release gives it out again at once, without an attempt more', async () => {
      await begin();
      await queue.publish(queuedCall('a'));
      await queue.publish(queuedCall('b'));
      await queue.settle(await takeOne(), { kind: 'release' });
      expect((await queue.find('a'))!.record).toMatchObject({ state: 'queued', attempts: 0 });
      expect((await takeAll(CALLS, 2)).map(({ call, record }) => [call.id, record.attempts]).sort()).toEqual([['a', 1], ['b', 1]]);
    });

    it('a callback is a lane of its own, and is tried until it is settled', async () => {
      await begin();
      await queue.publish(queuedCall('a', { callbackUrl: 'http://there/' }));
      await succeed(await takeOne());
      const first = await takeOne(CALLBACKS);
      expect([first.call.id, first.record.state, text(first.answer!.body)]).toEqual(['a', 'succeeded', 'done']);
      expect(first.call.callbackUrl).toBe('http://there/');
      const callback = { ...first.record.callback!, attempts: 1 };
      await queue.settle(first, { kind: 'retry', record: { ...first.record, callback, nextAttemptMs: test.nowMs() + 300 } });
      expect(await queue.take(CALLBACKS, 1)).toEqual([]);
      await test.pass(300);
      const second = await takeOne(CALLBACKS);
      expect(second.record.callback).toEqual(callback);
      await queue.settle(second, { kind: 'callback-end', record: { ...second.record, callback: { ...callback, state: 'delivered' } } });
      expect((await queue.find('a'))!.record.callback!.state).toBe('delivered');
      expect(await queue.take(CALLBACKS, 1)).toEqual([]);
      expect(await queue.take(CALLS, 1)).toEqual([]);
    });

    it('a failed call is a dead letter with all that it had, can be sent again as new, or forgotten', async () => {
      await begin();
      for (const id of ['a', 'b', 'c']) {
        await queue.publish(queuedCall(id, { functionKey: id === 'c' ? 'g.openfaas-fn' : 'f.openfaas-fn' }));
        await fail(await takeOne(laneOf('call', id === 'c' ? 'g.openfaas-fn' : 'f.openfaas-fn')));
        await test.pass(5);
      }
      const ids = async (query: object) => (await queue.deadLetters({ most: 10, ...query })).map(({ id }) => id);
      expect(await ids({})).toEqual(['a', 'b', 'c']);
      expect(await ids({ most: 1 })).toEqual(['a']);
      expect(await ids({ after: 'a' })).toEqual(['b', 'c']);
      expect(await ids({ functionKey: 'g.openfaas-fn' })).toEqual(['c']);
      const letter = (await queue.deadLetter('a'))!;
      expect({ ...letter, body: text(letter.body) }).toEqual({ ...queuedCall('a'), body: 'body of a' });
      expect((await queue.find('a'))!).toMatchObject({ record: { state: 'failed', outcome: { status: 500 } }, answer: { status: 500 } });

      expect(await queue.redrive('a')).toBe(true);
      expect(await queue.redrive('a')).toBe(false);
      expect((await queue.find('a'))!.record).toMatchObject({ state: 'queued', attempts: 0, redrivenMs: expect.any(Number) });
      expect((await takeOne()).record).toMatchObject({ id: 'a', attempts: 1 });
      expect(await queue.purge('b')).toBe(true);
      expect(await queue.purge('b')).toBe(false);
      expect(await queue.find('b')).toBeUndefined();
      expect(await queue.deadLetter('b')).toBeUndefined();
      expect(await ids({})).toEqual(['c']);
    });

    it('cancel() of a call that waits keeps it from being run', async () => {
      await begin();
      await queue.publish(queuedCall('a'));
      await queue.publish(queuedCall('b', { callbackUrl: 'http://there/' }));
      const retrying = await takeOne();
      await queue.settle(retrying, retryIn(retrying, 200));
      expect(await queue.cancel('a')).toMatchObject({ state: 'cancelled' });
      expect(await queue.cancel('b')).toMatchObject({ state: 'cancelled', callback: { state: 'failed' } });
      expect((await queue.find('b'))!.record).toMatchObject({ state: 'cancelled', endedMs: expect.any(Number) });
      await test.pass(400);
      expect(await queue.take(CALLS, 2)).toEqual([]);
      expect(await queue.cancel('nobody')).toBeUndefined();
    });

    it('cancel() of a running call tells whoever runs it, and its end changes nothing any more', async () => {
      await begin();
      const cancelled: string[] = [];
      await queue.watch({ ready: () => undefined, cancelled: (id) => cancelled.push(id) });
      await queue.publish(queuedCall('a', { callbackUrl: 'http://there/' }));
      const claim = await takeOne();
      expect(await queue.cancel('a')).toMatchObject({ state: 'cancelled' });
      for (let i = 0; i < 100 && cancelled.length === 0; i++) await test.pass(10);
      expect(cancelled).toEqual(['a']);
      await succeed(claim);
      expect((await queue.find('a'))!.record.state).toBe('cancelled');
      expect(await queue.take(CALLBACKS, 1)).toEqual([]);
      expect(await queue.cancel('a')).toMatchObject({ state: 'cancelled' });
    });

    it('cancel() of a call that has ended says so', async () => {
      await begin();
      await queue.publish(queuedCall('a'));
      await succeed(await takeOne());
      expect(await queue.cancel('a')).toMatchObject({ state: 'succeeded' });
    });

    it('watch() tells of lanes that have something now and later, and of retries that fall due', async () => {
      await begin();
      await queue.publish(queuedCall('before', { functionKey: 'early.openfaas-fn' }));
      const told = new Set<Lane>();
      const listener: QueueListener = { ready: (lane) => void told.add(lane), cancelled: () => undefined };
      await queue.watch(listener);
      const untilTold = async (lane: Lane) => {
        for (let i = 0; i < 500 && !told.has(lane); i++) await test.pass(10);
        expect(told).toContain(lane);
        told.clear();
      };
      await untilTold(laneOf('call', 'early.openfaas-fn'));
      await queue.publish(queuedCall('a'));
      await untilTold(CALLS);
      const claim = await takeOne();
      told.clear();
      await queue.settle(claim, retryIn(claim, 300));
      await untilTold(CALLS);
      await queue.settle(await takeOne(), { kind: 'end', record: ended(claim, { callback: { url: 'http://there/', state: 'pending', attempts: 0 } }), answer: answerOf('x') });
      await untilTold(CALLBACKS);
    });

    it('follow() tells of each step until it is left', async () => {
      await begin();
      await queue.publish(queuedCall('a'));
      const seen: string[] = [];
      const leave = await queue.follow('a', ({ state }) => seen.push(state));
      const claim = await takeOne();
      for (let i = 0; i < 200 && seen.at(-1) !== 'running'; i++) await test.pass(10);
      await succeed(claim);
      for (let i = 0; i < 200 && seen.at(-1) !== 'succeeded'; i++) await test.pass(10);
      expect(seen.filter((state) => state !== 'queued')).toEqual(['running', 'succeeded']);
      leave();
    });

    it('depths() counts what waits, runs and has failed, for each function', async () => {
      await begin();
      expect(await queue.depths()).toEqual([]);
      for (const [i, id] of ['a', 'b', 'c', 'd', 'e'].entries()) await queue.publish(queuedCall(id, { acceptedMs: 1_700_000_000_000 + i }));
      await queue.publish(queuedCall('x', { functionKey: 'g.openfaas-fn' }));
      const [first, second, third] = await takeAll(CALLS, 3);
      await fail(first!);
      await queue.settle(second!, retryIn(second!, 60_000));
      await queue.settle(third!, { kind: 'end', record: ended(third!, { callback: { url: 'http://there/', state: 'pending', attempts: 0 } }), answer: answerOf('x') });
      const depths = [...(await queue.depths())].sort((a, b) => (a.functionKey < b.functionKey ? -1 : 1));
      expect(depths).toEqual([
        { functionKey: 'f.openfaas-fn', queued: 2, unfinished: 1, callbacks: 1, dead: 1, oldestMs: expect.any(Number) },
        { functionKey: 'g.openfaas-fn', queued: 1, unfinished: 0, callbacks: 0, dead: 0, oldestMs: expect.any(Number) },
      ]);
    });

    it('publish() refuses a body that is too long, and more calls than there is room for', async () => {
      await begin({ maxBodyBytes: 1_024, maxCalls: 3 });
      expect(queue.maxBodyBytes).toBe(1_024);
      await queue.publish(queuedCall('a', { body: new Uint8Array(1_024) }));
      await expect(queue.publish(queuedCall('b', { body: new Uint8Array(1_025) }))).rejects.toMatchObject({ code: 'body-too-large' });
      await queue.publish(queuedCall('c', { body: new Uint8Array(0) }));
      await queue.publish(queuedCall('d'));
      await expect(queue.publish(queuedCall('e'))).rejects.toMatchObject({ code: 'queue-full' });
      expect(await queue.find('e')).toBeUndefined();
      expect((await takeAll(CALLS, 3)).map(({ call }) => call.body.byteLength)).toEqual([1_024, 0, 9]);
    });

    it('takes bytes as they are', async () => {
      await begin();
      const body = Uint8Array.from({ length: 256 }, (_, i) => i);
      await queue.publish(queuedCall('a', { body }));
      const claim = await takeOne();
      expect([...claim.call.body]).toEqual([...body]);
      await queue.settle(claim, { kind: 'end', record: ended(claim), answer: { status: 200, headers: [], body } });
      expect([...(await queue.find('a'))!.answer!.body!]).toEqual([...body]);
    });

    it('forgets what has ended after a while, and the id can be used again', async () => {
      await begin({ keepEndedMs: 1_000 });
      await queue.publish(queuedCall('a'));
      await succeed(await takeOne());
      for (let i = 0; i < 100 && (await queue.find('a')); i++) await test.pass(100);
      expect(await queue.find('a')).toBeUndefined();
      expect(await queue.publish(queuedCall('a'))).toBe('stored');
    });

    it('remembers how far schedules have been followed', async () => {
      await begin();
      expect(await queue.scheduleProgress('f.openfaas-fn')).toBeUndefined();
      await queue.setScheduleProgress('f.openfaas-fn', { schedule: 'a', handledMs: 12_345 });
      await queue.setScheduleProgress('f.openfaas-fn', { schedule: 'b', handledMs: 23_456, lastRunMs: 5 });
      expect(await queue.scheduleProgress('f.openfaas-fn')).toEqual({ schedule: 'b', handledMs: 23_456, lastRunMs: 5 });
      await queue.setScheduleProgress('f.openfaas-fn', undefined);
      expect(await queue.scheduleProgress('f.openfaas-fn')).toBeUndefined();
    });

    it('a claim that is renewed stays; one whose holder is silent is given to another, and counts as an attempt', async () => {
      await begin({ claimMs: 1_000 });
      await queue.publish(queuedCall('a'));
      const claim = await takeOne();
      for (let i = 0; i < 6; i++) {
        await test.pass(400);
        await queue.renew(claim);
      }
      expect(await queue.take(CALLS, 1)).toEqual([]);
      const restarted = await test.restart?.();
      if (restarted) queue = restarted;
      await test.pass(1_200);
      const again = await takeOne();
      expect(again.record).toMatchObject({ id: 'a', attempts: 2, state: 'running' });
      // Whoever had it before comes too late.
      if (!restarted) await succeed(claim);
      expect((await queue.find('a'))!.record).toMatchObject({ attempts: 2, state: 'running' });
      await succeed(again);
      expect((await queue.find('a'))!.record.state).toBe('succeeded');
    });

    it('what was accepted, waits, has ended or failed outlives its process', async () => {
      await begin({ claimMs: 1_000 });
      if (!test.restart) return expect(name).toContain('InMemory');
      const secret = queue.secret;
      for (const id of ['done', 'dead', 'retrying', 'callback', 'q1', 'q2']) await queue.publish(queuedCall(id, id === 'callback' ? { callbackUrl: 'http://there/' } : {}));
      const [done, dead, retrying, callback] = await takeAll(CALLS, 4);
      await succeed(done!);
      await fail(dead!);
      await queue.settle(retrying!, retryIn(retrying!, 500));
      await succeed(callback!);
      await queue.setScheduleProgress('f.openfaas-fn', { schedule: 'a', handledMs: 5 });
      queue = await test.restart();
      expect(queue.secret).toBe(secret);
      expect((await queue.find('done'))!).toMatchObject({ record: { state: 'succeeded' }, answer: { status: 200 } });
      expect((await queue.deadLetters({ most: 10 })).map(({ id }) => id)).toEqual(['dead']);
      expect(await queue.scheduleProgress('f.openfaas-fn')).toEqual({ schedule: 'a', handledMs: 5 });
      expect((await takeOne(CALLBACKS)).call.id).toBe('callback');
      await test.pass(1_500);
      expect(new Set((await takeAll(CALLS, 3)).map(({ call }) => call.id))).toEqual(new Set(['retrying', 'q1', 'q2']));
      expect(await queue.take(CALLS, 1)).toEqual([]);
    });
  });
}
