import type { FunctionChange, Replica } from '@shoal/domain/functions/function-provider';
import { Call, Calls } from '@shoal/domain/invocation/calls';
import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { aFunction } from '@shoal/domain/testing/function-spec';
import type { ShareMessage, ToWorker } from './messages';
import { Sharing } from './sharing';
import { WorkerShare } from './worker-share';

const spec = aFunction('fn');
const key = 'fn.ns';
const LONG_MS = 60_000;
const activator = { wake: async () => undefined };
const nobody = { started: () => undefined, ended: () => undefined };

function ready(...ids: readonly string[]): FunctionChange {
  return readyAt(Object.fromEntries(ids.map((id) => [id, `http://${id}`])));
}

function readyAt(addresses: Readonly<Record<string, string>>): FunctionChange {
  const replicas = Object.entries(addresses).map(([id, baseUrl]) => ({ id, baseUrl, maxInflight: 1 }));
  return { kind: 'present', state: { spec, createdAt: '', replicas: replicas.length, ready: replicas } };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A main process, and a worker whose messages arrive at once. */
function setUp() {
  const clock = new FakeClock();
  const sharing = new Sharing(clock);
  const log = sharing.observeBy(nobody);
  const share = new WorkerShare(clock, (message: ShareMessage) => sharing.receive(1, message));
  sharing.join(1, (message) => share.receive(message));
  const ownCalls = new Calls(sharing.directory, activator, log, clock);
  const workerCalls = new Calls(share.directory, activator, share.log, clock);
  /** Addresses of replicas, one for each call that a replica has. */
  const called: string[] = [];
  /** Resolves with what ends the call, once a replica has it. */
  const start = (calls: Calls) =>
    new Promise<() => void>((running) => {
      const exchange = ({ baseUrl }: Replica) => {
        called.push(baseUrl);
        return new Promise<number>((resolve) => running(() => resolve(200)));
      };
      void calls.run(spec.id, new Call(clock, LONG_MS), exchange);
    });
  const tick = () => {
    share.report();
    sharing.tick();
  };
  return { sharing, share, log, called, start, tick, ownCalls, workerCalls };
}

describe('Sharing', () => {
  it('gives permits to a call of this process although replicas change between its question and the answer', async () => {
    const { sharing, start, ownCalls } = setUp();
    sharing.apply(ready('r1'));
    for (const replica of ['r2', 'r3', 'r4']) {
      const end = start(ownCalls);
      // What is asked for is asked a moment later: the change comes at each moment there is.
      await Promise.resolve();
      sharing.apply(ready(replica));
      (await end)();
      await settled();
    }
  });

  it('gives no permits of a replica to one of the same name at another address', async () => {
    const { sharing, called, start, ownCalls, workerCalls } = setUp();
    sharing.apply(readyAt({ r1: 'http://before' }));
    void start(ownCalls);
    await Promise.resolve();
    sharing.apply(readyAt({ r1: 'http://after' }));
    void start(ownCalls);
    void start(workerCalls);
    await settled();
    expect(called.filter((baseUrl) => baseUrl === 'http://after')).toHaveLength(1);
  });

  it('counts calls of this process for the workers, also when a batch has become full', async () => {
    const { sharing, share, log, tick, start, ownCalls } = setUp();
    sharing.apply(ready('r1', 'r2'));
    await start(ownCalls);
    for (let i = 0; i < 3_072 - 1; i++) log.started('other.ns');
    tick();
    expect(share.directory.find(key)!.callCount).toBe(1);
  });

  it('tells workers of replicas, and why there are none, and not of what a function is given', () => {
    const sharing = new Sharing(new FakeClock());
    const told: ToWorker[] = [];
    const own = aFunction('fn', { envVars: { TOKEN: 'very-secret' }, annotations: { topic: 'very-secret' } });
    const state = { spec: own, createdAt: '', replicas: 2, ready: [{ id: 'r1', baseUrl: 'http://r1', maxInflight: 1 }], notReadyBecause: 'no memory' };
    const change = { kind: 'present', state } as const;
    sharing.apply(change);
    sharing.join(1, (message) => told.push(message));
    sharing.apply(change);
    const { id } = own;
    const expected = { kind: 'change', change: { kind: 'present', state: { spec: { id }, replicas: 2, ready: state.ready, notReadyBecause: 'no memory' } } };
    expect(told).toMatchObject([expected, expected]);
    expect(JSON.stringify(told)).not.toContain('very-secret');
  });

  it('lets a worker forget what others had on replicas, once a function has one only', async () => {
    const { sharing, share, tick, start, ownCalls } = setUp();
    sharing.apply(ready('r1', 'r2'));
    const ends = [await start(ownCalls), await start(ownCalls)];
    tick();
    expect(share.directory.find(key)!.callCount).toBe(2);

    sharing.apply(ready('r1'));
    for (const end of ends) end();
    await settled();
    tick();
    sharing.apply(ready('r1', 'r2'));
    tick();
    expect(share.directory.find(key)!.callCount).toBe(0);
  });
});
