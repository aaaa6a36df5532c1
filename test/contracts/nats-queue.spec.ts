import { jetstreamManager, type ConsumerInfo, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { CallOutcomes } from '@shoal/adapters/nats/call-outcomes';
import { DeadLetters } from '@shoal/adapters/nats/dead-letters';
import { LeftBehind } from '@shoal/adapters/nats/left-behind';
import { Names } from '@shoal/adapters/nats/names';
import { NatsLink } from '@shoal/adapters/nats/nats-link';
import { NatsInvocationQueue, type NatsQueueOptions } from '@shoal/adapters/nats/nats-invocation-queue';
import type { Claim, InvocationQueue } from '@shoal/domain/queue/invocation-queue';
import { laneOf, type Lane } from '@shoal/domain/queue/lane';
import { describeWithPrograms } from '../describe-with';
import { freePort } from '../deploy/free-port';
import { CuttableLine } from './cuttable-line';
import { describeInvocationQueue, queuedCall } from './invocation-queue.contract';
import { NatsProcess } from '../nats-process';

const CALLS = laneOf('call', 'f.openfaas-fn');
const DEFAULTS = { maxBodyBytes: 64 * 1024, maxCalls: 1_000, keepEndedMs: 60_000, keepDeadMs: 3_600_000, claimMs: 60_000, openMs: 5_000, warn: () => undefined };
const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

let tests = 0;
const freshPrefix = () => `t${++tests}`;

describeWithPrograms('NatsInvocationQueue', ['nats-server'], 'nats-server', () => {
  let server: NatsProcess;
  beforeAll(async () => (server = await NatsProcess.start()));
  afterAll(() => server.dispose());

  describeInvocationQueue('NatsInvocationQueue', async (settings) => {
    const options = { ...DEFAULTS, ...settings, prefix: freshPrefix() };
    const line = await CuttableLine.to(server.port);
    const queues = [await NatsInvocationQueue.open({ ...options, servers: line.address })];
    return {
      queue: queues[0]!,
      nowMs: Date.now,
      pass,
      restart: async () => {
        line.cut();
        queues.push(await NatsInvocationQueue.open({ ...options, servers: server.address }));
        return queues[1]!;
      },
      dispose: async () => {
        await Promise.all(queues.map((queue) => queue.close()));
        line.cut();
      },
    };
  });

  describe('of several processes', () => {
    const opened: NatsInvocationQueue[] = [];
    const open = async (options: Partial<NatsQueueOptions> & { readonly prefix: string }) => {
      const queue = await NatsInvocationQueue.open({ ...DEFAULTS, servers: server.address, ...options });
      opened.push(queue);
      return queue;
    };
    afterEach(() => Promise.all(opened.splice(0).map((queue) => queue.close())));

    it('open() by many at once gives all the same streams and secret', async () => {
      const prefix = freshPrefix();
      const queues = await Promise.all(Array.from({ length: 8 }, () => open({ prefix })));
      expect(new Set(queues.map(({ secret }) => secret)).size).toBe(1);
    });

    it('open() with other limits changes those of what is there', async () => {
      const prefix = freshPrefix();
      await (await open({ prefix })).publish(queuedCall('a'));
      const other = await open({ prefix, maxCalls: 1, keepEndedMs: 30_000 });
      await expect(other.publish(queuedCall('b'))).rejects.toMatchObject({ code: 'queue-full' });
    });

    it('take() gives each call to one of them', async () => {
      const prefix = freshPrefix();
      const queues = await Promise.all([open({ prefix }), open({ prefix })]);
      await Promise.all(Array.from({ length: 200 }, (_, i) => queues[i % 2]!.publish(queuedCall(`c${i}`))));
      const taken = await Promise.all(queues.flatMap((queue) => [takeUntilEmpty(queue), takeUntilEmpty(queue)]));
      expect(taken.flat().map(({ call }) => call.id).sort()).toEqual(Array.from({ length: 200 }, (_, i) => `c${i}`).sort());
    });

    it('goes by where a call has ended, although its server brings back where it was', async () => {
      const prefix = freshPrefix();
      const queue = await open({ prefix });
      const settle = async (id: string, state: 'succeeded' | 'failed') => {
        await queue.publish(queuedCall(id));
        const [claim] = await takeUntilEmpty(queue);
        const removed = [await raw.first(`${prefix}-live`), await raw.first(`${prefix}-calls`)];
        await queue.settle(claim!, { kind: 'end', record: { ...claim!.record, state, endedMs: Date.now() } });
        for (const { subject, data } of removed) await raw.publish(subject, data);
      };
      const raw = await RawStreams.open(server.address);
      await settle('good', 'succeeded');
      expect((await queue.find('good'))!.record.state).toBe('succeeded');
      expect(await takeUntilEmpty(queue)).toEqual([]);
      await settle('bad', 'failed');
      expect((await queue.find('bad'))!.record.state).toBe('failed');
      expect(await takeUntilEmpty(queue)).toEqual([]);
      await raw.close();
    });

    it('removes messages of ended calls that its server has brought back, and no others', async () => {
      const prefix = freshPrefix();
      const queue = await open({ prefix });
      const raw = await RawStreams.open(server.address);
      for (const id of ['ended', 'running', 'queued']) await queue.publish(queuedCall(id));
      const [ended, running] = await queue.take(CALLS, 2);
      const removed = await raw.first(`${prefix}-calls`);
      await queue.settle(ended!, { kind: 'end', record: { ...ended!.record, state: 'succeeded', endedMs: Date.now() } });
      await raw.publish(removed.subject, removed.data);
      const link = await NatsLink.open({ servers: server.address, openMs: 1_000 });
      const names = new Names(prefix);
      const leftBehind = new LeftBehind(link, names, new CallOutcomes(link, names, () => undefined));
      const passed = new Map([[CALLS, { delivered: { stream_seq: 4 }, num_pending: 0, num_ack_pending: 1 } as ConsumerInfo]]);
      const count = async () => (await link.streamInfo(names.calls)).state.messages;
      await leftBehind.sweep(passed);
      expect(await count()).toBe(3);
      await leftBehind.sweep(passed);
      expect(await count()).toBe(2);
      await Promise.all([link.close(), raw.close()]);
      expect((await takeUntilEmpty(queue)).map(({ call }) => call.id)).toEqual(['queued']);
      expect((await queue.find(running!.call.id))!.record).toMatchObject({ state: 'running', attempts: 1 });
    });

    it('leaves what a newer version has written to workers that can read it, and says so once', async () => {
      const prefix = freshPrefix();
      const said: string[] = [];
      const queue = await open({ prefix, newerMs: 50, warn: (text) => said.push(text) });
      const raw = await RawStreams.open(server.address);
      for (const id of ['newer', 'own']) await queue.publish(queuedCall(id));
      const { subject, data } = await raw.first(`${prefix}-calls`);
      await raw.removeFirst(`${prefix}-calls`);
      await raw.publish(subject, asNewer(data));
      expect((await takeUntilEmpty(queue)).map(({ call }) => call.id)).toEqual(['own']);
      for (let again = 0; again < 3; again++) {
        await pass(100);
        expect(await takeUntilEmpty(queue)).toEqual([]);
      }
      const { deliveries } = await raw.consumerOf(`${prefix}-calls`);
      expect(deliveries).toBeGreaterThan(3);
      expect(await raw.count(`${prefix}-calls`)).toBe(2);
      expect(said).toEqual([expect.stringMatching(/^calls in the queue are left to other workers: a newer version of Shoal has written this into the queue \(frame 1000000; this one reads up to 1\)/)]);
      await expect(queue.find('newer')).rejects.toMatchObject({ code: 'backend-unavailable' });
      await raw.close();
    });

    it('knows of a dead letter that is on its way', async () => {
      const prefix = freshPrefix();
      const queue = await open({ prefix });
      const link = await NatsLink.open({ servers: server.address, openMs: 1_000 });
      const names = new Names(prefix);
      const [outcomes, letters] = [new CallOutcomes(link, names, () => undefined), new DeadLetters(link, names, () => undefined)];
      await queue.publish(queuedCall('bad'));
      const [claim] = await takeUntilEmpty(queue);
      const live = await outcomes.live('bad');
      const failed = await outcomes.write('bad', { record: { ...claim!.record, state: 'failed', endedMs: Date.now() } }, live!.revision);
      const purged = queue.purge('bad');
      await pass(100);
      await letters.keep(failed!, claim!.call);
      expect(await purged).toBe(true);
      expect(await queue.purge('bad')).toBe(false);
      await link.close();
    });

    it('leaves a call of which a newer version has written what became of it', async () => {
      const prefix = freshPrefix();
      const queue = await open({ prefix, newerMs: 50 });
      const raw = await RawStreams.open(server.address);
      for (const id of ['begun', 'ended', 'dead']) await queue.publish(queuedCall(id));
      const claims = await takeUntilEmpty(queue);
      const claimOf = (id: string) => claims.find(({ call }) => call.id === id)!;
      // Of one that runs: whoever has it here has lost it, and lets it go.
      const live = await raw.first(`${prefix}-live`);
      const begun = claims.find(({ call }) => live.subject.endsWith(`.${call.id}`))!;
      await raw.publish(live.subject, asNewer(live.data));
      await queue.settle(begun, { kind: 'retry', record: { ...begun.record, state: 'retrying', nextAttemptMs: Date.now() } });
      await expect(queue.find(begun.call.id)).rejects.toMatchObject({ code: 'backend-unavailable' });
      // Of one that has failed.
      const failed = claimOf(begun.call.id === 'dead' ? 'ended' : 'dead');
      await queue.settle(failed, { kind: 'end', record: { ...failed.record, state: 'failed', endedMs: Date.now() } });
      const letter = await raw.last(`${prefix}-dead`);
      await raw.publish(letter.subject, asNewer(letter.data));
      await expect(queue.deadLetters({ most: 10 })).rejects.toMatchObject({ code: 'backend-unavailable' });
      expect(await takeUntilEmpty(queue)).toEqual([]);
      await raw.close();
    });

    it('publish() of one id by two gives one stored and one known, also for two functions', async () => {
      const prefix = freshPrefix();
      const [one, two] = await Promise.all([open({ prefix }), open({ prefix })]);
      const call = queuedCall('a.b:c-d_e', { idChosen: true });
      const both = await Promise.all([one.publish(call), two.publish({ ...call, functionKey: 'g.openfaas-fn' })]);
      expect(both.sort()).toEqual(['known', 'stored']);
      expect(await two.publish({ ...call, functionKey: 'h.openfaas-fn' })).toBe('known');
      expect((await one.find('a.b:c-d_e'))!.record.id).toBe('a.b:c-d_e');
    });

    it('watch() tells of what another one publishes and cancels', async () => {
      const prefix = freshPrefix();
      const [one, two] = await Promise.all([open({ prefix }), open({ prefix })]);
      const told: string[] = [];
      await two.watch({ ready: (lane) => told.push(lane), cancelled: (id) => told.push(id) });
      await one.publish(queuedCall('a'));
      await until(() => told.includes(CALLS));
      await two.take(CALLS, 1);
      await one.cancel('a');
      await until(() => told.includes('a'));
    });

    it('a claim of one that died is told and given to another, and settling it late changes nothing', async () => {
      const prefix = freshPrefix();
      const line = await CuttableLine.to(server.port);
      const [dying, slow, other] = await Promise.all([open({ prefix, claimMs: 1_000, servers: line.address }), open({ prefix, claimMs: 1_000 }), open({ prefix, claimMs: 1_000 })]);
      await dying.publish(queuedCall('a'));
      await dying.publish(queuedCall('b'));
      expect(await dying.take(CALLS, 1)).toHaveLength(1);
      line.cut();
      const [late] = await slow.take(CALLS, 1);
      const told = new Set<Lane>();
      await pass(1_100);
      await other.watch({ ready: (lane) => told.add(lane), cancelled: () => undefined });
      await until(() => told.has(CALLS));
      const again = await takeUntilEmpty(other);
      expect(again.map(({ call, record }) => [call.id, record.attempts]).sort()).toEqual([['a', 2], ['b', 2]]);
      await slow.settle(late!, { kind: 'end', record: { ...late!.record, state: 'succeeded', endedMs: Date.now() } });
      expect((await other.find('b'))!.record).toMatchObject({ state: 'running', attempts: 2 });
    });

    it('close() gives back what it holds', async () => {
      const prefix = freshPrefix();
      const [one, two] = await Promise.all([open({ prefix }), open({ prefix })]);
      await one.publish(queuedCall('a'));
      await one.take(CALLS, 1);
      await one.close();
      expect((await takeUntilEmpty(two)).map(({ record }) => record.attempts)).toEqual([1]);
    });

    it('a dead letter whose callback is on its way can be sent again or forgotten', async () => {
      const queue = await open({ prefix: freshPrefix() });
      for (const id of ['a', 'b']) {
        await queue.publish(queuedCall(id, { callbackUrl: 'http://there/' }));
        const [claim] = await queue.take(CALLS, 1);
        await queue.settle(claim!, { kind: 'end', record: { ...claim!.record, state: 'failed', endedMs: Date.now() } });
      }
      expect(await queue.redrive('a')).toBe(true);
      expect(await queue.purge('b')).toBe(true);
      expect(await queue.take(laneOf('callback', 'f.openfaas-fn'), 10)).toEqual([]);
      expect((await queue.find('a'))!.record).toMatchObject({ state: 'queued', attempts: 0 });
      expect(await queue.find('b')).toBeUndefined();
      expect((await queue.take(CALLS, 10)).map(({ call, record }) => [call.id, record.attempts])).toEqual([['a', 1]]);
    });
  });
});

describeWithPrograms('NatsInvocationQueue without its server', ['nats-server'], 'nats-server', () => {
  const disposals: (() => Promise<void>)[] = [];
  const begin = async (args?: readonly string[]) => {
    const server = await NatsProcess.start(args);
    disposals.unshift(() => server.dispose());
    return server;
  };
  const open = async (options: Partial<NatsQueueOptions> & { readonly servers: string }) => {
    const queue = await NatsInvocationQueue.open({ ...DEFAULTS, prefix: 'shoal', ...options });
    disposals.unshift(() => queue.close());
    return queue;
  };
  afterEach(async () => {
    for (const dispose of disposals.splice(0)) await dispose();
  });

  it('open() waits for a server that starts a little later', async () => {
    const server = await begin();
    await server.kill();
    const opening = open({ servers: server.address });
    await pass(300);
    await server.again();
    const queue = await opening;
    expect(await queue.publish(queuedCall('a'))).toBe('stored');
  });

  it('open() says which server is not there, and no password', async () => {
    const port = await freePort();
    const opening = open({ openMs: 500, servers: `nats://user:hidden@127.0.0.1:${port}` });
    await expect(opening).rejects.toMatchObject({ code: 'backend-unavailable', message: expect.stringContaining(`127.0.0.1:${port}`) });
    await expect(opening).rejects.not.toMatchObject({ message: expect.stringContaining('hidden') });
  });

  it('open() does not try for long with wrong credentials, and takes right ones from the address', async () => {
    const server = await begin(['--user', 'shoal', '--pass', 'p@ss']);
    await expect(open({ openMs: 60_000, servers: server.address, user: 'shoal', pass: 'wrong' })).rejects.toMatchObject({ code: 'backend-unavailable' });
    const queue = await open({ servers: `nats://shoal:p%40ss@${server.address}` });
    expect(await queue.depths()).toEqual([]);
  });

  it('looks again soon after a server that did not answer for a while', async () => {
    const server = await begin();
    const queue = await open({ servers: server.address });
    const told = new Set<Lane>();
    await queue.publish(queuedCall('a'));
    await queue.watch({ ready: (lane) => told.add(lane), cancelled: () => undefined });
    server.signal('SIGSTOP');
    await pass(4_500);
    server.signal('SIGCONT');
    await pass(200);
    told.clear();
    await until(() => told.has(CALLS));
  });

  it('keeps what was accepted while the server dies, and goes on by itself', async () => {
    const server = await begin();
    const queue = await open({ claimMs: 2_000, servers: server.address });
    const told = new Set<Lane>();
    await queue.watch({ ready: (lane) => told.add(lane), cancelled: () => undefined });
    const ids = Array.from({ length: 100 }, (_, i) => `c${i}`);
    await Promise.all(ids.map((id) => queue.publish(queuedCall(id))));
    const [retrying, ended, lapsing] = await queue.take(CALLS, 3);
    await queue.settle(retrying!, { kind: 'retry', record: { ...retrying!.record, state: 'retrying', nextAttemptMs: Date.now() + 3_000 } });
    await queue.settle(ended!, { kind: 'end', record: { ...ended!.record, state: 'succeeded', endedMs: Date.now() } });

    await server.kill();
    const beganMs = Date.now();
    await expect(queue.publish(queuedCall('refused'))).rejects.toMatchObject({ code: 'backend-unavailable' });
    await expect(queue.take(CALLS, 1)).rejects.toMatchObject({ code: 'backend-unavailable' });
    await expect(queue.find('c1')).rejects.toMatchObject({ code: 'backend-unavailable' });
    await expect(queue.settle(lapsing!, { kind: 'release' })).rejects.toMatchObject({ code: 'backend-unavailable' });
    expect(Date.now() - beganMs).toBeLessThan(5_000);
    await pass(500);
    told.clear();
    await server.again();

    await until(() => told.has(CALLS));
    const taken: string[] = [];
    await until(async () => {
      const claims = await queue.take(CALLS, 20);
      await Promise.all(claims.map((claim) => queue.settle(claim, { kind: 'end', record: { ...claim.record, state: 'succeeded', endedMs: Date.now() } })));
      taken.push(...claims.map(({ call }) => call.id));
      return taken.length >= ids.length - 1;
    });
    expect(taken.sort()).toEqual(ids.filter((id) => id !== ended!.call.id).sort());
    expect((await queue.find(ended!.call.id))!.record.state).toBe('succeeded');
    await pass(1_500);
    told.clear();
    await queue.publish(queuedCall('after', { functionKey: 'g.openfaas-fn' }));
    await until(() => told.has(laneOf('call', 'g.openfaas-fn')));
  });

  describe('whose streams are gone', () => {
    const RESERVED = 8;
    const LOST = 'the queue had lost its streams: they were made anew, and calls that waited in them are gone';
    const beginWith = async () => {
      const server = await begin();
      const said: string[] = [];
      const queue = await open({ servers: server.address, warn: (text) => said.push(text) });
      const raw = await RawStreams.open(server.address);
      disposals.unshift(() => raw.close());
      await until(async () => (await raw.count('shoal-reserve')) === RESERVED);
      return { queue, raw, said };
    };

    it('makes all anew, its reserve of room as well, and says so', async () => {
      const { queue, raw, said } = await beginWith();
      await raw.deleteAll();
      // A question to a stream that goes at that moment may get no answer.
      await until(() => queue.publish(queuedCall('a')).then(() => true, () => false));
      await until(async () => (await raw.count('shoal-reserve').catch(() => 0)) === RESERVED);
      expect(said).toEqual([LOST]);
    });

    it('without the reserve makes room of what is known of ended calls, and does not say that calls were lost', async () => {
      const { queue, raw, said } = await beginWith();
      for (const id of ['a', 'b', 'c', 'd']) {
        await queue.publish(queuedCall(id));
        const [claim] = await queue.take(CALLS, 1);
        await queue.settle(claim!, { kind: 'end', record: { ...claim!.record, state: 'succeeded', endedMs: Date.now() } });
      }
      await raw.delete('shoal-reserve');
      expect(await queue.makeRoom()).toBe(true);
      expect(await raw.count('shoal-ended')).toBe(2);
      expect(said).toEqual([expect.stringContaining('the storage of the queue is full')]);
    });
  });
});

/** The frame as if a later version had written it. */
function asNewer(frame: Uint8Array): Uint8Array {
  const bytes = Buffer.from(frame);
  const bodyAt = 4 + bytes.readUInt32BE();
  const head = Buffer.from(JSON.stringify({ ...(JSON.parse(bytes.toString('utf8', 4, bodyAt)) as object), version: 1_000_000 }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.byteLength);
  return Buffer.concat([length, head, bytes.subarray(bodyAt)]);
}

async function takeUntilEmpty(queue: InvocationQueue): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  for (let empty = 0; empty < 3; ) {
    const taken = await queue.take(CALLS, 20);
    claims.push(...taken);
    empty = taken.length === 0 ? empty + 1 : 0;
    if (empty > 0) await pass(20);
  }
  return claims;
}

/** A test's time limit ends the waiting. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pass(20);
}

/** Streams as the server has them. */
class RawStreams {
  private constructor(
    private readonly connection: NatsConnection,
    private readonly manager: JetStreamManager,
  ) {}

  static async open(servers: string): Promise<RawStreams> {
    const connection = await connect({ servers });
    return new RawStreams(connection, await jetstreamManager(connection));
  }

  async first(stream: string): Promise<{ readonly subject: string; readonly data: Uint8Array }> {
    const { state } = await this.manager.streams.info(stream);
    const message = await this.manager.streams.getMessage(stream, { seq: state.first_seq });
    return { subject: message!.subject, data: message!.data };
  }

  async removeFirst(stream: string): Promise<void> {
    const { state } = await this.manager.streams.info(stream);
    await this.manager.streams.deleteMessage(stream, state.first_seq);
  }

  async last(stream: string): Promise<{ readonly subject: string; readonly data: Uint8Array }> {
    const { state } = await this.manager.streams.info(stream);
    const message = await this.manager.streams.getMessage(stream, { seq: state.last_seq });
    return { subject: message!.subject, data: message!.data };
  }

  /** How often the consumer of a stream's one lane was given something. */
  async consumerOf(stream: string): Promise<{ readonly deliveries: number }> {
    const [info] = await this.manager.consumers.list(stream).next();
    return { deliveries: info!.delivered.consumer_seq };
  }

  async publish(subject: string, data: Uint8Array): Promise<void> {
    await this.manager.jetstream().publish(subject, data);
  }

  async count(stream: string): Promise<number> {
    return (await this.manager.streams.info(stream)).state.messages;
  }

  async delete(stream: string): Promise<void> {
    await this.manager.streams.delete(stream);
  }

  async deleteAll(): Promise<void> {
    for (const stream of await this.manager.streams.names().next()) await this.delete(stream);
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
