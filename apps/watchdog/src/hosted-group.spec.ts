import type { FromHost, ToHost } from '@shoal/adapters/local/host-protocol';
import { FakeClock } from '@shoal/domain/testing/fake-clock';
import type { HostedFunction } from './hosted-function';
import { HostedGroup, type Replica } from './hosted-group';

type Put = Extract<ToHost, { type: 'put' }>;
type State = Extract<FromHost, { type: 'state' }>;

/** More than a retired replica waits for late calls. */
const LONG_MS = 60_000;

class FakeFunction implements HostedFunction {
  inFlight = 0;
  ready = false;
  failure: string | undefined;
  stopped = false;

  constructor(private readonly changed: () => void) {}

  become(state: { readonly ready?: boolean; readonly failure?: string }): void {
    this.ready = state.ready ?? false;
    this.failure = state.failure;
    this.changed();
  }

  async handle(): Promise<void> {}
  async stop(): Promise<void> {
    this.stopped = true;
  }
}

describe('HostedGroup', () => {
  let clock: FakeClock;
  let functions: FakeFunction[];
  let open: Map<string, Replica>;
  let told: State[];
  let group: HostedGroup;

  beforeEach(() => {
    [clock, functions, open, told] = [new FakeClock(), [], new Map(), []];
    group = new HostedGroup({
      clock,
      start: (_settings, _put, _log, changed) => {
        const started = new FakeFunction(changed);
        functions.push(started);
        return started;
      },
      nextReplicaId: () => `r${functions.length + 1}`,
      log: () => undefined,
      opened: (replica) => open.set(replica.id, replica),
      closed: (replica) => open.delete(replica.id),
      tell: (state) => told.push(state),
    });
  });

  const put = (values: Partial<Put> = {}): Put => ({ type: 'put', key: 'f.ns', generation: 1, env: { fprocess: 'cat' }, cwd: '/', replicas: 1, ...values });
  const readyIds = () => told.at(-1)!.ready.map(({ id }) => id);
  const settle = async () => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  const passTime = async () => {
    clock.advance(LONG_MS);
    await settle();
  };

  it('apply() starts as many replicas as are asked for, and tells of those that are ready', () => {
    group.apply(put({ replicas: 2 }));
    expect(functions).toHaveLength(2);
    expect(readyIds()).toEqual([]);
    functions[1]!.become({ ready: true });
    expect(readyIds()).toEqual(['r2']);
  });

  it('apply() of the same thing changes and tells nothing', () => {
    group.apply(put());
    const before = told.length;
    group.apply(put());
    expect(functions).toHaveLength(1);
    expect(told).toHaveLength(before);
  });

  it('apply() of a new generation keeps the old one until the new one is ready', async () => {
    group.apply(put());
    functions[0]!.become({ ready: true });
    group.apply(put({ generation: 2 }));
    await passTime();
    expect(readyIds()).toEqual(['r1']);
    expect(functions[0]!.stopped).toBe(false);
    functions[1]!.become({ ready: true });
    expect(readyIds()).toEqual(['r2']);
    await passTime();
    expect(functions[0]!.stopped).toBe(true);
  });

  it('apply() of a new generation that never becomes ready keeps the old one, and tells why', async () => {
    group.apply(put());
    functions[0]!.become({ ready: true });
    group.apply(put({ generation: 2 }));
    functions[1]!.become({ failure: 'exited with code 1' });
    await passTime();
    expect(told.at(-1)).toMatchObject({ generation: 2, ready: [{ id: 'r1' }], failure: 'exited with code 1' });
    expect(functions[0]!.stopped).toBe(false);
  });

  it('apply() of settings that cannot be tells why, and keeps the old generation', async () => {
    group.apply(put());
    functions[0]!.become({ ready: true });
    group.apply(put({ generation: 2, env: { fprocess: 'cat', mode: 'nonsense' } }));
    await passTime();
    expect(told.at(-1)).toMatchObject({ ready: [{ id: 'r1' }], failure: expect.stringContaining('mode=nonsense') });
    group.apply(put({ generation: 3 }));
    expect(told.at(-1)!.failure).toBeUndefined();
  });

  it('apply() of fewer replicas takes no more calls on the last at once, and ends it after its calls', async () => {
    group.apply(put({ replicas: 2 }));
    for (const one of functions) one.become({ ready: true });
    functions[1]!.inFlight = 1;
    group.apply(put({ replicas: 1 }));
    expect(readyIds()).toEqual(['r1']);
    await passTime();
    expect(functions[1]!.stopped).toBe(false);
    expect(open.has('r2')).toBe(true); // A call that is on its way to it still arrives.
    functions[1]!.inFlight = 0;
    await passTime();
    expect(functions[1]!.stopped).toBe(true);
    expect(open.has('r2')).toBe(false);
  });

  it('apply() of no replicas ends all, and of one more starts a new one', async () => {
    group.apply(put());
    functions[0]!.become({ ready: true });
    group.apply(put({ replicas: 0 }));
    await passTime();
    expect(readyIds()).toEqual([]);
    expect(functions[0]!.stopped).toBe(true);
    group.apply(put());
    functions[1]!.become({ ready: true });
    expect(readyIds()).toEqual(['r2']);
  });

  it.each<[string, Record<string, string>, number]>([
    ['16 for a function that forks', {}, 16],
    ['1000 for one that serves HTTP', { mode: 'http' }, 1_000],
    ['what max_inflight says', { max_inflight: '3' }, 3],
  ])('lets a replica take so many calls at once: %s', (_, env, expected) => {
    group.apply(put({ env: { fprocess: 'cat', ...env } }));
    functions[0]!.become({ ready: true });
    expect(told.at(-1)!.ready[0]!.maxInflight).toBe(expected);
  });

  it('remove() ends all after their calls', async () => {
    group.apply(put({ replicas: 2 }));
    for (const one of functions) one.become({ ready: true });
    functions[0]!.inFlight = 1;
    const removed = group.remove();
    await passTime();
    expect(functions.map(({ stopped }) => stopped)).toEqual([false, true]);
    functions[0]!.inFlight = 0;
    await passTime();
    await removed;
    expect(open.size).toBe(0);
  });
});
