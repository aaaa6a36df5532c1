import fc from 'fast-check';
import type { FunctionChange, Replica } from '../functions/function-provider';
import { ShoalError } from '../shared/errors';
import { FakeClock } from '../testing/fake-clock';
import { aFunction } from '../testing/function-spec';
import { Allotments, type Participant, type PermitGrants } from './allotments';
import { Call, Calls } from './calls';
import { HOLD_MS, Permits, UNLIMITED_ROOM } from './permits';
import { ReplicaDirectory } from './replica-directory';

const spec = aFunction('fn');
const key = 'fn.ns';
const LONG_MS = 1_000_000;
/** After this a replica is trusted again that refused a connection. */
const TRUSTED_MS = 1_000;
const activator = { wake: async () => undefined };
const observer = { started: () => undefined, ended: () => undefined };

/** Messages that arrive one by one, in order, when the test says so. */
class Channel {
  private readonly queue: (() => void)[] = [];
  closed = false;

  send(message: () => void): void {
    if (!this.closed) this.queue.push(message);
  }

  get size(): number {
    return this.queue.length;
  }

  deliver(): void {
    this.queue.shift()?.();
  }

  close(): void {
    this.closed = true;
    this.queue.length = 0;
  }
}

interface Running {
  readonly replica: Replica;
  readonly end: () => void;
  /** The replica could not be reached: the call waits again. */
  readonly refuse: () => void;
}

class Process {
  readonly directory: ReplicaDirectory;
  readonly permits: Permits;
  readonly fromMain = new Channel();
  readonly toMain = new Channel();
  readonly running: Running[] = [];
  waiting = 0;
  private readonly calls: Calls;

  constructor(
    readonly id: Participant,
    readonly clock: FakeClock,
    allotments: () => Allotments,
  ) {
    this.permits = new Permits(
      {
        want: (...args) => this.toMain.send(() => allotments().want(id, ...args)),
        giveBack: (...args) => this.toMain.send(() => allotments().giveBack(id, ...args)),
      },
      clock,
    );
    this.directory = new ReplicaDirectory(this.permits);
    this.calls = new Calls(this.directory, activator, observer, clock);
  }

  call(): void {
    this.waiting++;
    const exchange = (replica: Replica) => {
      this.waiting--;
      return new Promise<number>((resolve, reject) => {
        const gone = () => this.running.splice(this.running.indexOf(one), 1);
        const one: Running = {
          replica,
          end: () => {
            gone();
            resolve(200);
          },
          refuse: () => {
            gone();
            this.waiting++;
            reject(new ShoalError('replica-unreachable', 'it refuses'));
          },
        };
        this.running.push(one);
      });
    };
    this.calls.run(spec.id, new Call(this.clock, LONG_MS), exchange).catch((error: unknown) => {
      if (!(error instanceof ShoalError) || error.code !== 'function-not-found') throw error;
      this.waiting--;
    });
  }
}

/** One process that gives out permits, and some that call. */
class Simulation {
  readonly clock = new FakeClock();
  readonly processes: Process[] = [];
  private readonly directory = new ReplicaDirectory();
  private readonly allotments: Allotments;
  private ready: Replica[] = [];
  private nextId = 1;
  private nextReplica = 1;
  /** Whose permits are not free yet. */
  private readonly ended: Participant[] = [];
  messages = 0;

  constructor(processes: number) {
    const to = (id: Participant, message: (process: Process) => void) => {
      const process = this.processes.find((one) => one.id === id);
      this.messages++;
      process?.fromMain.send(() => message(process));
    };
    const grants: PermitGrants = {
      grant: (id, ...args) => to(id, ({ permits, directory }) => permits.granted(directory, ...args)),
      recall: (id, ...args) => to(id, ({ permits, directory }) => permits.recalled(directory, ...args)),
    };
    this.allotments = new Allotments(this.directory, grants);
    for (let i = 0; i < processes; i++) this.start();
  }

  /** All replicas have the same room. */
  setReplicas(count: number, maxInflight: number, kept: number): void {
    this.ready = this.ready.slice(0, kept);
    while (this.ready.length < count) {
      const id = `r${this.nextReplica++}`;
      this.ready.push({ id, baseUrl: `http://${id}`, maxInflight });
    }
    this.tell(this.change());
  }

  /** The function goes, and comes again with new replicas. */
  redeploy(count: number, maxInflight: number): void {
    this.tell({ kind: 'removed', id: spec.id });
    this.setReplicas(count, maxInflight, 0);
  }

  crash(index: number): void {
    const [process] = this.processes.splice(index, 1);
    process!.fromMain.close();
    process!.toMain.close();
    this.allotments.leave(process!.id);
    this.start();
    this.ended.push(process!.id);
  }

  release(): void {
    for (const id of this.ended.splice(0)) this.allotments.release(id);
  }

  get room(): number {
    return this.ready.reduce((sum, { maxInflight }) => sum + maxInflight, 0);
  }

  /** By replica. */
  underWay(): Map<Replica, number> {
    const counts = new Map<Replica, number>();
    for (const { running } of this.processes) for (const { replica } of running) counts.set(replica, (counts.get(replica) ?? 0) + 1);
    return counts;
  }

  async deliverAll(): Promise<void> {
    for (let rounds = 0; ; rounds++) {
      if (rounds > 10_000) throw new Error('messages beget messages without end');
      const channels = this.processes.flatMap(({ fromMain, toMain }) => [fromMain, toMain]).filter(({ size }) => size > 0);
      if (channels.length === 0) return;
      for (const channel of channels) channel.deliver();
      await settled();
    }
  }

  private start(): void {
    const process = new Process(this.nextId++, this.clock, () => this.allotments);
    if (this.directory.find(key)) process.directory.apply(this.change());
    this.processes.push(process);
    this.allotments.join(process.id);
  }

  private tell(change: FunctionChange): void {
    this.directory.apply(change);
    for (const { fromMain, directory } of this.processes) fromMain.send(() => directory.apply(change));
    this.allotments.apply(change);
  }

  private change(): FunctionChange {
    return { kind: 'present', state: { spec, createdAt: '', replicas: this.ready.length, ready: [...this.ready] } };
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

type Step =
  | { readonly kind: 'deliver' | 'end' | 'refuse' | 'call' | 'crash' | 'release' | 'tidy'; readonly which: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'redeploy'; readonly count: number }
  | { readonly kind: 'replicas'; readonly count: number; readonly kept: number };

const which = fc.nat(1_000);
const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  { weight: 16, arbitrary: fc.record({ kind: fc.constant('deliver' as const), which }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('call' as const), which }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('end' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('refuse' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tidy' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('redeploy' as const), count: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 2 * HOLD_MS }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replicas' as const), count: fc.nat(3), kept: fc.nat(3) }) },
);

describe('Allotments and Permits', () => {
  it('never let a replica have more calls than it takes, lose no permit, and give every call its turn', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 150 }), async (processes, maxInflight, steps) => {
        const simulation = new Simulation(processes);
        simulation.setReplicas(1, maxInflight, 0);
        await simulation.deliverAll();
        for (const one of steps) {
          take(simulation, one, maxInflight);
          await settled();
          for (const count of simulation.underWay().values()) expect(count).toBeLessThanOrEqual(maxInflight);
        }

        simulation.release();
        simulation.clock.advance(TRUSTED_MS);
        // Then calls end, one after the other, and none comes any more.
        if (simulation.room === 0) simulation.setReplicas(1, maxInflight, 0);
        const most = 10 + 3 * simulation.processes.reduce((sum, { running, waiting }) => sum + running.length + waiting, 0);
        for (let round = 0; simulation.processes.some(({ running, waiting }) => running.length + waiting > 0); round++) {
          expect(round).toBeLessThan(most);
          await simulation.deliverAll();
          for (const { permits } of simulation.processes) permits.tidy();
          simulation.clock.advance(HOLD_MS);
          simulation.processes.find(({ running }) => running.length > 0)?.running[0]!.end();
          await settled();
          for (const count of simulation.underWay().values()) expect(count).toBeLessThanOrEqual(maxInflight);
        }

        // And whoever is alone may use all room.
        await simulation.deliverAll();
        for (const process of simulation.processes) {
          for (let i = 0; i < simulation.room; i++) process.call();
          for (let looks = 0; looks < 3; looks++) {
            await simulation.deliverAll();
            for (const { permits } of simulation.processes) permits.tidy();
          }
          expect(process.running).toHaveLength(simulation.room);
          while (process.running.length > 0) process.running[0]!.end();
          await settled();
        }
      }),
      { numRuns: 150 },
    );
  });
});

function take(simulation: Simulation, one: Step, maxInflight: number): void {
  const { processes } = simulation;
  const pick = <T>(all: readonly T[], index: number): T | undefined => all[index % all.length];
  switch (one.kind) {
    case 'deliver':
      return pick(processes.flatMap(({ fromMain, toMain }) => [fromMain, toMain]).filter(({ size }) => size > 0), one.which)?.deliver();
    case 'call': {
      const process = pick(processes, one.which)!;
      // One that has just started may not know the function yet, and would refuse.
      return process.directory.find(key) && process.call();
    }
    case 'end':
      return pick(processes.flatMap(({ running }) => running), one.which)?.end();
    case 'refuse':
      return pick(processes.flatMap(({ running }) => running), one.which)?.refuse();
    case 'tidy':
      return pick(processes, one.which)!.permits.tidy();
    case 'redeploy':
      return simulation.redeploy(one.count, maxInflight);
    case 'crash':
      return simulation.crash(one.which % processes.length);
    case 'release':
      return simulation.release();
    case 'pass':
      return simulation.clock.advance(one.ms);
    case 'replicas':
      return simulation.setReplicas(one.count, maxInflight, one.kept);
  }
}

describe('Permits', () => {
  it('ask for nothing where room has no limit', async () => {
    const simulation = new Simulation(2);
    simulation.setReplicas(1, UNLIMITED_ROOM, 0);
    await simulation.deliverAll();
    for (let i = 0; i < 100; i++) simulation.processes[0]!.call();
    await settled();
    expect(simulation.processes[0]!.running).toHaveLength(100);
    expect(simulation.processes[0]!.toMain.size).toBe(0);
  });

  it('stay with who calls alone: only the first calls ask', async () => {
    const simulation = new Simulation(2);
    simulation.setReplicas(1, 4, 0);
    await simulation.deliverAll();
    const process = simulation.processes[0]!;
    for (let i = 0; i < 100; i++) {
      process.call();
      await simulation.deliverAll();
      process.running[0]!.end();
      await settled();
    }
    expect(simulation.messages).toBe(1);
  });

  it('do not travel when none waits for a moment, because calls end together', async () => {
    const simulation = new Simulation(2);
    simulation.setReplicas(1, 8, 0);
    await simulation.deliverAll();
    for (const process of simulation.processes) for (let i = 0; i < 8; i++) process.call();
    await simulation.deliverAll();
    const before = simulation.messages;
    for (let i = 0; i < 200; i++) {
      // All that run end, and others take their places; only then those callers call again.
      for (const process of simulation.processes) {
        const ended = [...process.running];
        for (const { end } of ended) end();
        await settled();
        if (i % 10 === 0) process.permits.tidy();
        ended.forEach(() => process.call());
      }
      await simulation.deliverAll();
      simulation.clock.advance(1);
    }
    expect(simulation.messages - before).toBeLessThan(20);
    for (const { running } of simulation.processes) expect(running).toHaveLength(4);
  });

  it('let two that both have calls take turns with a room of one, without a message for each call', async () => {
    const simulation = new Simulation(2);
    simulation.setReplicas(1, 1, 0);
    await simulation.deliverAll();
    const served = new Map(simulation.processes.map((process) => [process, 0]));
    for (const process of simulation.processes) for (let i = 0; i < 400; i++) process.call();
    for (let i = 0; i < 400; i++) {
      await simulation.deliverAll();
      const process = simulation.processes.find(({ running }) => running.length > 0)!;
      served.set(process, served.get(process)! + 1);
      simulation.clock.advance(1);
      process.running[0]!.end();
      await settled();
    }
    for (const calls of served.values()) expect(Math.abs(calls - 200)).toBeLessThanOrEqual(2 * HOLD_MS);
    expect(simulation.messages).toBeLessThan(100);
  });

  it('do not travel without end where both know that the replica refuses', async () => {
    const simulation = new Simulation(2);
    simulation.setReplicas(1, 1, 0);
    await simulation.deliverAll();
    for (const process of simulation.processes) for (let i = 0; i < 3; i++) process.call();
    await refuseAll(simulation);
    const before = simulation.messages;
    for (let ms = 50; ms < TRUSTED_MS; ms += 50) {
      simulation.clock.advance(50);
      for (const { permits } of simulation.processes) permits.tidy();
      await simulation.deliverAll();
    }
    expect(simulation.messages - before).toBeLessThan(20);

    simulation.clock.advance(TRUSTED_MS);
    expect(await endAll(simulation)).toBe(6);
  });

  it('do not travel without end where some replicas refuse, and those of others come to all', async () => {
    const simulation = new Simulation(2);
    simulation.setReplicas(3, 1, 0);
    await simulation.deliverAll();
    for (const { directory } of simulation.processes) for (const slot of directory.find(key)!.slots.slice(0, 2)) slot.usable = false;
    for (const process of simulation.processes) for (let i = 0; i < 3; i++) process.call();
    await simulation.deliverAll();
    expect(simulation.messages).toBeLessThan(20);
    expect(await endAll(simulation)).toBe(6);
  });

  it('go back when their replica refuses, though calls wait for it', async () => {
    const simulation = new Simulation(2);
    const [one, other] = simulation.processes;
    simulation.setReplicas(1, 1, 0);
    await simulation.deliverAll();
    one!.call();
    await simulation.deliverAll();
    one!.call();
    other!.call();
    await simulation.deliverAll();
    one!.running[0]!.refuse();
    await settled();
    await simulation.deliverAll();
    expect(other!.running).toHaveLength(1);
  });

  it('that come for a replica that has just left count as received: more can be asked for', () => {
    const wants: number[][] = [];
    const permits = new Permits({ want: (_key, ...want) => wants.push(want), giveBack: () => undefined }, new FakeClock());
    const directory = new ReplicaDirectory(permits);
    const ready = (id: string) => directory.apply({ kind: 'present', state: { spec, createdAt: '', replicas: 1, ready: [{ id, baseUrl: `http://${id}`, maxInflight: 1 }] } });
    ready('r1');
    const entry = directory.find(key)!;
    entry.waiting.add({ look: () => void entry.take(), removed: () => undefined });
    entry.take();
    ready('r2');
    permits.granted(directory, key, 'r1', 1, 1);
    expect(wants.at(-1)).toEqual([1, 1]);
  });

  it('are not taken back from a function that has come again, for calls of before', async () => {
    const simulation = new Simulation(2);
    const [one, other] = simulation.processes;
    simulation.setReplicas(1, 1, 0);
    await simulation.deliverAll();
    other!.call();
    await simulation.deliverAll();
    one!.call();
    await simulation.deliverAll();
    simulation.redeploy(1, 1);
    await simulation.deliverAll();
    other!.call();
    await simulation.deliverAll();
    one!.call();
    await simulation.deliverAll();
    // At first the call is known to have found none, then it is not.
    for (let i = 0; i < 3; i++) one!.permits.tidy();
    await simulation.deliverAll();
    simulation.clock.advance(HOLD_MS);
    other!.running.at(-1)!.end();
    await settled();
    await simulation.deliverAll();
    expect(one!.running).toHaveLength(1);
  });
});

describe('Allotments', () => {
  it('give to one that asks an equal part of all room, in the same measure of each replica', () => {
    const directory = new ReplicaDirectory();
    const granted: [Participant, number][] = [];
    const allotments = new Allotments(directory, { grant: (to, _key, _replica, _grant, permits) => granted.push([to, permits]), recall: () => undefined });
    for (const participant of [1, 2]) allotments.join(participant);
    const ready = Array.from({ length: 4 }, (_, i) => ({ id: `r${i}`, baseUrl: `http://r${i}`, maxInflight: 60_000 }));
    directory.apply({ kind: 'present', state: { spec, createdAt: '', replicas: 4, ready } });
    for (const participant of [1, 2]) allotments.want(participant, key, 1, 0);
    expect(granted).toEqual([1, 1, 1, 1, 2, 2, 2, 2].map((to) => [to, 30_000]));
  });
});

/** Both know then that it refuses. */
async function refuseAll(simulation: Simulation): Promise<void> {
  for (const process of simulation.processes) {
    for (let rounds = 0; process.running.length === 0 && rounds < 100; rounds++) {
      for (const one of simulation.processes) {
        one.toMain.deliver();
        one.fromMain.deliver();
      }
      await settled();
    }
    process.running[0]!.refuse();
    await settled();
  }
}

/** How many calls ran. */
async function endAll(simulation: Simulation): Promise<number> {
  let ended = 0;
  for (let round = 0; round < 30; round++) {
    simulation.clock.advance(HOLD_MS);
    for (const { permits } of simulation.processes) permits.tidy();
    await simulation.deliverAll();
    const process = simulation.processes.find(({ running }) => running.length > 0);
    if (!process) continue;
    process.running[0]!.end();
    ended++;
    await settled();
  }
  return ended;
}
