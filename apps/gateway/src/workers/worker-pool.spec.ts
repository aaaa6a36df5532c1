import cluster, { type Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { functionKey } from '@shoal/domain/functions/function-spec';
import type { FunctionState } from '@shoal/domain/functions/function-provider';
import type { Activator } from '@shoal/domain/scaling/activator';
import { ShoalError } from '@shoal/domain/shared/errors';
import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { StartError } from '../start-error';
import type { FromWorker, ToWorker } from './messages';
import { Sharing } from './sharing';
import { WorkerPool } from './worker-pool';

/** A worker's process, of which the system says what a test wants. */
class FakeWorker extends EventEmitter {
  readonly sent: ToWorker[] = [];
  process: EventEmitter & { pid?: number | undefined; kill?: () => void };
  private alive = true;

  constructor(readonly id: number) {
    super();
    this.process = Object.assign(new EventEmitter(), { pid: 1_000 + id, kill: () => this.die() });
  }

  isConnected = () => this.alive;
  isDead = () => !this.alive;
  send = (messages: readonly ToWorker[]) => this.sent.push(...messages);
  say = (...messages: FromWorker[]) => this.emit('message', messages);

  die(): void {
    this.alive = false;
    this.emit('exit', null, 'SIGKILL');
  }

  /** As of a process that could not be made. */
  miss(code: string): void {
    this.alive = false;
    this.process.pid = undefined;
    this.emit('error', new Error(`spawn ${code}`));
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const listening: FromWorker = { kind: 'listening', port: 1 };
const stateOf = (name: string) => ({ spec: { id: { name, namespace: 'n' }, labels: {} }, replicas: 0, ready: [] }) as unknown as FunctionState;

function setUp(activator: Partial<Activator> = {}) {
  const workers: FakeWorker[] = [];
  let refusal: Error | undefined;
  jest.spyOn(cluster, 'setupPrimary').mockImplementation(() => undefined);
  jest.spyOn(cluster, 'fork').mockImplementation(() => {
    if (refusal) throw refusal;
    const worker = new FakeWorker(workers.length + 1);
    workers.push(worker);
    return worker as unknown as Worker;
  });
  const clock = new FakeClock();
  const sharing = new Sharing(clock);
  const pool = new WorkerPool({ count: 1, script: '', sharing, activator: activator as Activator, clock, unreachable: () => undefined });
  return { pool, sharing, workers, refuse: (error: Error | undefined) => (refusal = error) };
}

describe('WorkerPool', () => {
  let said: string[];
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    said = [];
    jest.spyOn(console, 'error').mockImplementation((text: string) => void said.push(text));
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('answers an order to wake to the worker that gave it, and to none that came after', async () => {
    const fails: (() => void)[] = [];
    const wake = () => new Promise<void>((_, reject) => fails.push(() => reject(new ShoalError('backend-unavailable', 'x'))));
    const { pool, sharing, workers } = setUp({ wake });
    for (const name of ['x', 'y']) sharing.apply({ kind: 'present', state: stateOf(name) });
    const started = pool.start('/x', 1);
    workers[0]!.say(listening);
    expect(await started).toBe(1);
    workers[0]!.say({ kind: 'wake', order: 1, key: functionKey({ name: 'x', namespace: 'n' }) });
    workers[0]!.die();
    jest.advanceTimersByTime(0);
    workers[1]!.say(listening, { kind: 'wake', order: 1, key: functionKey({ name: 'y', namespace: 'n' }) });
    const woken = async () => {
      await turn();
      await turn();
      return workers[1]!.sent.filter(({ kind }) => kind === 'woken');
    };
    fails[0]!();
    expect(await woken()).toEqual([]);
    fails[1]!();
    expect(await woken()).toHaveLength(1);
  });

  it.each([
    ['throws', (refuse: (error: Error | undefined) => void) => refuse(new Error('spawn ENOMEM'))],
    ['tells it later', () => undefined],
  ])('tries again after a pause when the system has no process for a worker, and %s', async (_title, prepare) => {
    const { pool, workers, refuse } = setUp();
    const started = pool.start('/x', 1);
    workers[0]!.say(listening);
    await started;
    prepare(refuse);
    workers[0]!.die();
    jest.advanceTimersByTime(0);
    workers[1]?.miss('EAGAIN');
    await turn();
    refuse(undefined);
    const before = workers.length;
    expect(said.some((text) => /data-plane worker 1 cannot be started \(spawn E\w+\); another one starts in 250 ms/.test(text))).toBe(true);
    jest.advanceTimersByTime(249);
    expect(workers).toHaveLength(before);
    jest.advanceTimersByTime(1);
    expect(workers).toHaveLength(before + 1);
    workers.at(-1)!.say(listening);
    expect(pool.facts()[0]!.up).toBe(true);
  });

  it('start() rejects with a StartError when the first worker cannot be had', async () => {
    const thrown = setUp();
    thrown.refuse(new Error('spawn ENOMEM'));
    await expect(thrown.pool.start('/x', 1)).rejects.toThrow(StartError);
    const told = setUp();
    const started = told.pool.start('/x', 1);
    told.workers[0]!.miss('EMFILE');
    await expect(started).rejects.toThrow('data-plane worker 1 cannot be started (spawn EMFILE)');
  });

  it('start() is not failed by a worker that ends because it was told to', async () => {
    const { pool, workers } = setUp();
    let settled = false;
    const settle = () => (settled = true);
    pool.start('/x', 1).then(settle, settle);
    const drained = pool.drain(1_000);
    workers[0]!.die();
    await drained;
    await turn();
    expect(settled).toBe(false);
    expect(workers).toHaveLength(1);
  });
});
