import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CallStatistics } from '@shoal/domain/invocation/call-statistics';
import { ReplicaDirectory } from '@shoal/domain/invocation/replica-directory';
import { SLICE } from '@shoal/domain/shared/for-each-in-slices';
import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { aFunction } from '@shoal/domain/testing/function-spec';
import { InMemoryFunctionProvider } from '@shoal/domain/testing/in-memory-function-provider';
import { EventStreams } from './event-streams';
import { LiveView } from './live-view';
import { QueueCounts } from './queue-counts';
import { Schedules } from './schedules';

/** More than a connection holds. */
const LARGE = 'x'.repeat(16 * 1024 * 1024);

describe('EventStreams', () => {
  let clock: FakeClock;
  let provider: InMemoryFunctionProvider;
  let directory: ReplicaDirectory;
  let looks: number;
  let problem: string | undefined;
  let streams: EventStreams;
  let server: Server;
  let answers: ServerResponse[];
  let until: AbortSignal | undefined;

  beforeEach(async () => {
    clock = new FakeClock();
    provider = new InMemoryFunctionProvider();
    directory = new ReplicaDirectory();
    await provider.watch(directory.apply);
    await provider.apply(aFunction('f'));
    looks = 0;
    problem = undefined;
    const queueCounts = new QueueCounts(undefined, clock);
    const liveView = new LiveView({
      directory,
      statistics: new CallStatistics(clock, { statusOf: () => 500, exists: () => true }),
      queueCounts,
      schedules: new Schedules(undefined),
      invocations: () => 0,
      problem: () => (looks++, problem),
      gateway: { provider: 'local', version: '1', namespace: 'ns', startedAt: '' },
    });
    streams = new EventStreams(liveView, queueCounts, clock);
    answers = [];
    until = undefined;
    server = createServer((_request, answer) => (answers.push(answer), streams.add(answer, until))).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Resolves with the head of a stream of which nothing has been read. */
  async function connect(): Promise<IncomingMessage> {
    const request = get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent: false });
    const [stream] = (await once(request, 'response')) as [IncomingMessage];
    return stream.setEncoding('utf8').on('error', () => undefined);
  }

  /** Reads until there are so many events and comments, and says what they are. */
  async function take(stream: IncomingMessage, count: number): Promise<string[]> {
    const chunks: string[] = [];
    for (let ends = 0, last = ''; ends < count; ) {
      const chunk = stream.read() as string | null;
      if (chunk === null) {
        await once(stream, 'readable');
        continue;
      }
      chunks.push(chunk);
      ends += (last + chunk).split('\n\n').length - 1;
      last = chunk.endsWith('\n') && !chunk.endsWith('\n\n') ? '\n' : '';
    }
    return chunks.join('').split('\n\n').slice(0, -1);
  }

  const nameOf = (event: string) => /^(?:event)?: ?(.*)$/m.exec(event)![1];
  const dataOf = (event: string) => JSON.parse(/^data: (.*)$/m.exec(event)![1]!) as { changed?: { key: string; replicas: number }[]; functions?: { key: string; replicas: number }[]; removed?: string[] };

  it('tells everything first, then only what has changed, and who is gone', async () => {
    const stream = await connect();
    const [functions, platform] = await take(stream, 2);
    expect([nameOf(functions!), nameOf(platform!)]).toEqual(['functions', 'platform']);
    expect(dataOf(functions!).functions!.map(({ key }) => key)).toEqual(['f.ns']);
    expect(dataOf(platform!)).toEqual({ ready: true, provider: 'local', version: '1', namespace: 'ns', functions: 1, callsPerSecond: 0, inFlight: 0, startedAt: '' });
    await provider.apply(aFunction('g'));
    clock.advance(1_000);
    expect(dataOf((await take(stream, 1))[0]!)).toMatchObject({ changed: [{ key: 'g.ns' }], removed: [] });
    await provider.remove(aFunction('f').id);
    clock.advance(1_000);
    const changes = (await take(stream, 1))[0]!;
    expect(dataOf(changes)).toEqual({ changed: [], removed: ['f.ns'] });
  });

  it('looks at many functions in slices, and tells when it has seen all', async () => {
    for (let i = 0; i < 2 * SLICE; i++) await provider.apply(aFunction(`f${i}`));
    const stream = await connect();
    expect(looks).toBe(0);
    clock.advance(0);
    clock.advance(0);
    expect(looks).toBe(1);
    const another = await connect();
    for (const one of [stream, another]) expect(dataOf((await take(one, 2))[0]!).functions).toHaveLength(2 * SLICE + 1);
    await provider.scale(aFunction('f7').id, 2);
    clock.advance(1_000);
    clock.advance(0);
    expect(dataOf((await take(stream, 1))[0]!)).toMatchObject({ changed: [{ key: 'f7.ns', replicas: 2 }], removed: [] });
  });

  it('says nothing while nothing changes, but that it is still there', async () => {
    const stream = await connect();
    await take(stream, 2);
    clock.advance(30_000);
    expect(await take(stream, 2)).toEqual([': still here', ': still here']);
  });

  it('tells of the platform every two seconds, if it has changed', async () => {
    const stream = await connect();
    await take(stream, 2);
    problem = 'the function host is not running';
    clock.advance(1_000);
    problem = 'it is away';
    clock.advance(3_000);
    const [platform] = await take(stream, 1);
    expect([nameOf(platform!), dataOf(platform!)]).toEqual(['platform', expect.objectContaining({ ready: false, because: 'it is away' })]);
    clock.advance(11_000);
    expect(await take(stream, 1)).toEqual([': still here']);
  });

  it('looks once for all who watch, and not at all when nobody does', async () => {
    clock.advance(10_000);
    expect(looks).toBe(0);
    const streams = await Promise.all([connect(), connect(), connect()]);
    expect(looks).toBe(1);
    clock.advance(10_000);
    expect(looks).toBe(11);
    for (const stream of streams) stream.destroy();
    await Promise.all(answers.map((answer) => once(answer, 'close')));
    clock.advance(10_000);
    expect(looks).toBe(11);
    await connect();
    expect(looks).toBe(12);
  });

  it('sends a reader that does not keep up nothing more, and everything once it does', async () => {
    await provider.apply({ ...aFunction('large'), image: LARGE });
    const stream = await connect();
    const held = answers[0]!.writableLength;
    expect(answers[0]!.writableNeedDrain).toBe(true);
    for (let replicas = 2; replicas < 12; replicas++) {
      await provider.scale(aFunction('f').id, replicas);
      clock.advance(1_000);
    }
    expect(answers[0]!.writableLength).toBeLessThanOrEqual(held);
    const drained = once(answers[0]!, 'drain');
    await take(stream, 2);
    await drained;
    clock.advance(1_000);
    const [functions] = await take(stream, 2);
    expect([nameOf(functions!), dataOf(functions!).functions![0]]).toEqual(['functions', expect.objectContaining({ key: 'f.ns', replicas: 11 })]);
  });

  it('sends a reader nothing twice that took its time, but missed nothing', async () => {
    await provider.apply({ ...aFunction('large'), image: LARGE });
    const stream = await connect();
    const drained = once(answers[0]!, 'drain');
    await take(stream, 2);
    await drained;
    await provider.scale(aFunction('f').id, 2);
    clock.advance(1_000);
    expect((await take(stream, 1)).map(nameOf)).toEqual(['changes']);
  });

  it('ends a stream after an hour, so that its reader shows its credentials again', async () => {
    const stream = (await connect()).resume();
    clock.advance(3_599_000);
    expect(answers[0]!.writableEnded).toBe(false);
    clock.advance(1_000);
    await once(stream, 'end');
  });

  it('gives up a reader that takes nothing for a minute', async () => {
    await provider.apply({ ...aFunction('large'), image: LARGE });
    await connect();
    clock.advance(59_000);
    expect(answers[0]!.destroyed).toBe(false);
    clock.advance(1_000);
    expect(answers[0]!.destroyed).toBe(true);
  });

  it('ends streams when it is told to, also one that is stuck, and leaves the others', async () => {
    const session = new AbortController();
    await connect();
    until = session.signal;
    await connect();
    await provider.apply({ ...aFunction('large'), image: LARGE });
    clock.advance(1_000);
    session.abort();
    await once(answers[1]!, 'close');
    expect(answers[0]!.writableEnded).toBe(false);
  });

  it('.endAll() ends streams, and is done with them', async () => {
    await provider.apply({ ...aFunction('large'), image: LARGE });
    await connect();
    await provider.remove(aFunction('large').id);
    const quick = await connect();
    await take(quick, 2);
    const errors: Error[] = [];
    for (const answer of answers) answer.on('error', (error) => errors.push(error));
    streams.endAll();
    const looksBefore = looks;
    await Promise.all([once(quick.resume(), 'end'), once(answers[0]!, 'close')]);
    await provider.scale(aFunction('f').id, 2);
    clock.advance(10_000);
    expect(looks).toBe(looksBefore);
    expect(errors).toEqual([]);
  });
});
