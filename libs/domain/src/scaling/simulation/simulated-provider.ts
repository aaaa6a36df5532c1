import type { FunctionChange, FunctionProvider, FunctionState, Replica, StopWatching } from '../../functions/function-provider';
import { functionKey, type FunctionId, type FunctionSpec } from '../../functions/function-spec';
import type { Clock, Timer } from '../../shared/clock';
import { ShoalError } from '../../shared/errors';
import { parseScalingPolicy } from '../scaling-policy';
import { Level } from './level';
import type { SeededRandom } from './seeded-random';

export interface ReplicaModel {
  /** From the order to the first call that it can take. */
  readonly startUpMs: number;
  /** By which part of `startUpMs` a start may take less or more, evenly spread. */
  readonly startUpJitter: number;
  /** How many calls one takes at a time. */
  readonly room: number;
}

/** One copy of a function: starting, ready, or draining; it ends when it has been stopped and has no calls. */
export class SimulatedReplica implements Replica {
  readonly baseUrl = 'http://simulated';
  inFlight = 0;
  stopped = false;
  start: Timer | undefined;

  constructor(
    readonly id: string,
    readonly maxInflight: number,
  ) {}
}

interface SimulatedFunction {
  state: FunctionState;
  /** Those that are asked for, the oldest first. */
  replicas: SimulatedReplica[];
  lastDirection: number;
}

/** A backend that takes time to start replicas, and lets those that it stops finish their calls. */
export class SimulatedProvider implements FunctionProvider {
  readonly info = { provider: 'simulated', orchestration: 'none' };
  /** Of all functions together. */
  readonly desired: Level;
  readonly ready: Level;
  /** Those that take up space: starting, ready and draining. */
  readonly existing: Level;
  /** How often a function's count went the other way than at its last change. */
  reversals = 0;
  private readonly functions = new Map<string, SimulatedFunction>();
  private readonly listeners = new Set<(change: FunctionChange) => void>();
  private nextReplica = 1;

  constructor(
    private readonly model: ReplicaModel,
    private readonly clock: Clock,
    private readonly random: SeededRandom,
  ) {
    this.desired = new Level(clock);
    this.ready = new Level(clock);
    this.existing = new Level(clock);
  }

  async apply(spec: FunctionSpec): Promise<void> {
    const { min, max } = parseScalingPolicy(spec.labels);
    const key = functionKey(spec.id);
    const before = this.functions.get(key);
    const state: FunctionState = { ...(before?.state ?? { createdAt: new Date(this.clock.nowMs()).toISOString(), replicas: 0, ready: [] }), spec };
    const one: SimulatedFunction = before ?? { state, replicas: [], lastDirection: 0 };
    one.state = state;
    this.functions.set(key, one);
    this.setCount(one, before ? Math.min(Math.max(state.replicas, min), max) : min);
  }

  async remove(id: FunctionId): Promise<void> {
    const one = this.functions.get(functionKey(id));
    if (!one) return;
    this.setCount(one, 0);
    this.functions.delete(functionKey(id));
    this.tell({ kind: 'removed', id });
  }

  async scale(id: FunctionId, replicas: number): Promise<void> {
    const one = this.functions.get(functionKey(id));
    if (!one) throw new ShoalError('function-not-found', `function ${functionKey(id)} does not exist`);
    const direction = Math.sign(replicas - one.state.replicas);
    if (direction * one.lastDirection < 0) this.reversals++;
    if (direction !== 0) one.lastDirection = direction;
    this.setCount(one, replicas);
  }

  async find(id: FunctionId): Promise<FunctionState | undefined> {
    return this.functions.get(functionKey(id))?.state;
  }

  async list(namespace: string): Promise<readonly FunctionState[]> {
    return [...this.functions.values()]
      .map(({ state }) => state)
      .filter(({ spec }) => spec.id.namespace === namespace)
      .sort((a, b) => (a.spec.id.name < b.spec.id.name ? -1 : 1));
  }

  async watch(listener: (change: FunctionChange) => void): Promise<StopWatching> {
    this.listeners.add(listener);
    for (const { state } of this.functions.values()) listener({ kind: 'present', state });
    return () => this.listeners.delete(listener);
  }

  /** A call on one of its replicas begins. */
  took(replica: SimulatedReplica): void {
    replica.inFlight++;
  }

  /** A call on one of its replicas has ended. */
  gaveBack(replica: SimulatedReplica): void {
    replica.inFlight--;
    if (replica.stopped && replica.inFlight === 0) this.existing.add(-1);
  }

  private setCount(one: SimulatedFunction, count: number): void {
    this.desired.add(count - one.state.replicas);
    while (one.replicas.length < count) one.replicas.push(this.launch(one));
    // The newest go first: those that are still starting are among them.
    for (const replica of one.replicas.splice(count)) this.stop(replica);
    this.update(one, { replicas: count });
  }

  private launch(one: SimulatedFunction): SimulatedReplica {
    const { startUpMs, startUpJitter, room } = this.model;
    const replica = new SimulatedReplica(`r${this.nextReplica++}`, room);
    this.existing.add(1);
    replica.start = this.clock.after(startUpMs * (1 + startUpJitter * (2 * this.random.next() - 1)), () => {
      replica.start = undefined;
      this.ready.add(1);
      this.update(one, {});
    });
    return replica;
  }

  private stop(replica: SimulatedReplica): void {
    if (replica.start) replica.start.cancel();
    else this.ready.add(-1);
    replica.stopped = true;
    if (replica.inFlight === 0) this.existing.add(-1);
  }

  private update(one: SimulatedFunction, change: Partial<FunctionState>): void {
    one.state = { ...one.state, ...change, ready: one.replicas.filter(({ start }) => !start) };
    this.tell({ kind: 'present', state: one.state });
  }

  private tell(change: FunctionChange): void {
    for (const listener of this.listeners) listener(change);
  }
}
