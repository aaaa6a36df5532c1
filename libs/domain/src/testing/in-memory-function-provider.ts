import type {
  FunctionChange,
  FunctionProvider,
  FunctionState,
  Replica,
  StopWatching,
} from '../functions/function-provider';
import { functionKey, type FunctionId, type FunctionSpec } from '../functions/function-spec';
import { parseScalingPolicy } from '../scaling/scaling-policy';
import { ShoalError } from '../shared/errors';

/** Functions that exist in memory only; every replica is ready at once, unless `failWith` says why none is. */
export class InMemoryFunctionProvider implements FunctionProvider {
  readonly info = { provider: 'in-memory', orchestration: 'none' };
  private readonly states = new Map<string, FunctionState>();
  private readonly listeners = new Set<(change: FunctionChange) => void>();
  private nextReplica = 1;
  /** From now on no replica becomes ready, for this reason. */
  failWith: string | undefined;
  scaleOrders = 0;
  /** Of replicas that start from now on. */
  maxInflight = 1;
  /** Of all replicas that start from now on, instead of one each. */
  baseUrl: string | undefined;

  async apply(spec: FunctionSpec): Promise<void> {
    const { min, max } = parseScalingPolicy(spec.labels);
    const before = this.states.get(functionKey(spec.id));
    const replicas = before ? Math.min(Math.max(before.replicas, min), max) : min;
    this.set({ spec, createdAt: before?.createdAt ?? '2026-01-01T00:00:00.000Z', replicas, ready: this.start(replicas) });
  }

  async remove(id: FunctionId): Promise<void> {
    if (!this.states.delete(functionKey(id))) return;
    this.tell({ kind: 'removed', id });
  }

  async scale(id: FunctionId, replicas: number): Promise<void> {
    const state = this.states.get(functionKey(id));
    if (!state) throw new ShoalError('function-not-found', `function ${functionKey(id)} does not exist`);
    this.scaleOrders++;
    const kept = state.ready.slice(0, replicas);
    this.set({ ...state, replicas, ready: [...kept, ...this.start(replicas - kept.length)] });
  }

  async find(id: FunctionId): Promise<FunctionState | undefined> {
    return this.states.get(functionKey(id));
  }

  async list(namespace: string): Promise<readonly FunctionState[]> {
    return [...this.states.values()]
      .filter(({ spec }) => spec.id.namespace === namespace)
      .sort((a, b) => (a.spec.id.name < b.spec.id.name ? -1 : 1));
  }

  async watch(listener: (change: FunctionChange) => void): Promise<StopWatching> {
    this.listeners.add(listener);
    for (const state of this.states.values()) listener({ kind: 'present', state });
    return () => this.listeners.delete(listener);
  }

  private start(count: number): Replica[] {
    if (this.failWith !== undefined) return [];
    return Array.from({ length: count }, () => {
      const id = `r${this.nextReplica++}`;
      return { id, baseUrl: this.baseUrl ?? `http://in-memory/${id}`, maxInflight: this.maxInflight };
    });
  }

  private set(state: FunctionState): void {
    const failed = this.failWith !== undefined && state.ready.length < state.replicas;
    const told = failed ? { ...state, notReadyBecause: this.failWith! } : state;
    this.states.set(functionKey(state.spec.id), told);
    this.tell({ kind: 'present', state: told });
  }

  private tell(change: FunctionChange): void {
    for (const listener of this.listeners) listener(change);
  }
}
