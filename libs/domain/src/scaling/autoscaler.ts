import type { FunctionProvider, FunctionState } from '../functions/function-provider';
import type { FunctionId } from '../functions/function-spec';
import type { FunctionEntry, ReplicaDirectory } from '../invocation/replica-directory';
import type { Clock } from '../shared/clock';
import { messageOf, ShoalError } from '../shared/errors';
import { decideByAlert } from './alert-decision';
import { demandOf } from './demand';
import type { FunctionLoad, MetricsSource } from './metrics-source';
import { decide, type ScalingDecision, type ScalingReason, type ScalingSample } from './scaling-decision';
import { parseScalingPolicy, type ScalingPolicy } from './scaling-policy';
import { SlidingMaximum } from './sliding-maximum';

/** Changes that are remembered of each function. */
export const MAX_REMEMBERED_CHANGES = 100;
/** An alert that is not repeated for so long has been forgotten by whoever sent it. */
const ALERT_VALID_MS = 5 * 60_000;

/** One look at a function, and what followed from it. */
export interface ScalingRecord {
  /** RFC 3339. */
  readonly at: string;
  readonly from: number;
  readonly to: number;
  readonly needed: number;
  readonly reason: ScalingReason;
  readonly formula: string;
  readonly because: string;
  readonly ready: number;
  readonly load: number | undefined;
  readonly concurrency: number;
  readonly waiting: number;
  /** Why the change could not be ordered. */
  readonly error?: string;
}

/** What is known of one function's scaling. */
export interface ScalingStory {
  /** `undefined` when its labels are wrong, and it does not scale. */
  readonly policy: ScalingPolicy | undefined;
  readonly problem?: string;
  /** The last look; absent before the first. */
  readonly now: ScalingRecord | undefined;
  /** Changes, the latest first. */
  readonly changes: readonly ScalingRecord[];
}

interface Watched {
  readonly sinceMs: number;
  labels: FunctionState['spec']['labels'];
  /** What is wrong with the labels, when somebody got them past our checks. */
  policy: ScalingPolicy | ShoalError;
  replicas: number;
  upMs: number;
  downMs: number;
  readonly needed: SlidingMaximum;
  alertMs: number;
  now: { readonly decision: ScalingDecision; readonly sample: ScalingSample; readonly atMs: number } | undefined;
  readonly changes: ScalingRecord[];
}

export interface AutoscalerOptions {
  readonly provider: FunctionProvider;
  readonly directory: ReplicaDirectory;
  readonly metrics: MetricsSource;
  readonly clock: Clock;
  /** Told of every change, also of one that could not be ordered. */
  readonly changed: (id: FunctionId, record: ScalingRecord) => void;
}

/** Sees to it that every function has as many replicas as its policy and its load ask for, and remembers why. */
export class Autoscaler {
  private readonly functions = new Map<string, Watched>();
  private ticking = false;

  constructor(private readonly options: AutoscalerOptions) {}

  /** Looks at every function once. Rejects as `MetricsSource.measure` does; a tick during another one does nothing. */
  async tick(): Promise<void> {
    if (this.ticking) return;
    this.ticking = true;
    try {
      const loads = await this.options.metrics.measure();
      const orders: Promise<void>[] = [];
      for (const entry of this.options.directory.all()) {
        const order = this.look(entry, loads.get(entry.key));
        if (order) orders.push(order);
      }
      for (const key of this.functions.keys()) if (!this.options.directory.find(key)) this.functions.delete(key);
      await Promise.all(orders);
    } finally {
      this.ticking = false;
    }
  }

  /**
   * An alert of a function began (again), or ended. One that follows another driver, or is not there, is left alone.
   * Rejects as `FunctionProvider.scale` does.
   */
  async alert(functionKey: string, firing: boolean): Promise<void> {
    const entry = this.options.directory.find(functionKey);
    if (!entry) return;
    const watched = this.watch(entry);
    const { policy } = watched;
    if (policy instanceof ShoalError) throw policy;
    if (policy.type !== 'alert' && policy.typeChosen) return;
    watched.alertMs = firing ? this.options.clock.monotonicMs() : -Infinity;
    const sample = { ...this.sampleOf(entry, policy, undefined), concurrency: entry.callCount };
    const error = await this.carryOut(entry, watched, sample, decideByAlert(policy, sample, firing));
    if (error) throw error;
  }

  /** What is known of a function; `undefined` when it is not there. */
  story(functionKey: string): ScalingStory | undefined {
    const entry = this.options.directory.find(functionKey);
    if (!entry) return undefined;
    const watched = this.watch(entry);
    const { now, policy, changes } = watched;
    const record = now && this.recordOf(now.sample, now.decision, now.atMs);
    if (policy instanceof ShoalError) return { policy: undefined, problem: policy.message, now: record, changes: [...changes].reverse() };
    return { policy, now: record, changes: [...changes].reverse() };
  }

  private look(entry: FunctionEntry, load: FunctionLoad | undefined): Promise<void> | undefined {
    const watched = this.watch(entry);
    const nowMs = this.options.clock.monotonicMs();
    const { policy } = watched;
    if (policy instanceof ShoalError) return undefined;
    // One driver at a time: while an alert holds, it is the driver.
    if (nowMs - watched.alertMs < ALERT_VALID_MS && policy.type !== 'alert') return undefined;
    const sample = this.sampleOf(entry, policy, load);
    const decision = decide(policy, sample, {
      neededInWindow: watched.needed.since(nowMs - policy.downWindowMs),
      watchedMs: nowMs - watched.sinceMs,
      sinceUpMs: nowMs - watched.upMs,
      sinceDownMs: nowMs - watched.downMs,
    });
    watched.needed.add(nowMs, decision.needed);
    watched.now = { decision, sample, atMs: this.options.clock.nowMs() };
    return decision.replicas === sample.desired ? undefined : this.carryOut(entry, watched, sample, decision).then(() => undefined);
  }

  /** Resolves with what went wrong. */
  private async carryOut({ id }: FunctionEntry, watched: Watched, sample: ScalingSample, decision: ScalingDecision): Promise<Error | undefined> {
    const record = this.recordOf(sample, decision, this.options.clock.nowMs());
    watched.now = { decision, sample, atMs: this.options.clock.nowMs() };
    if (decision.replicas === sample.desired) return undefined;
    try {
      await this.options.provider.scale(id, decision.replicas);
      this.remember(id, watched, record);
      return undefined;
    } catch (error) {
      if (error instanceof ShoalError && error.code === 'function-not-found') return undefined; // It has just been removed.
      this.remember(id, watched, { ...record, error: messageOf(error) });
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  private remember(id: FunctionId, { changes }: Watched, record: ScalingRecord): void {
    changes.push(record);
    if (changes.length > MAX_REMEMBERED_CHANGES) changes.shift();
    this.options.changed(id, record);
  }

  private watch({ key, state }: FunctionEntry): Watched {
    const nowMs = this.options.clock.monotonicMs();
    let watched = this.functions.get(key);
    if (!watched) {
      const { labels } = state.spec;
      const never = -Infinity;
      const policy = policyOf(labels);
      watched = { sinceMs: nowMs, labels, policy, replicas: state.replicas, upMs: never, downMs: never, needed: new SlidingMaximum(), alertMs: never, now: undefined, changes: [] };
      this.functions.set(key, watched);
    }
    if (watched.labels !== state.spec.labels) {
      watched.labels = state.spec.labels;
      watched.policy = policyOf(watched.labels);
    }
    // Whoever changed it: this loop, a person, a call that woke it.
    if (state.replicas > watched.replicas) watched.upMs = nowMs;
    if (state.replicas < watched.replicas) watched.downMs = nowMs;
    watched.replicas = state.replicas;
    return watched;
  }

  private sampleOf({ state, waiting }: FunctionEntry, policy: ScalingPolicy, load: FunctionLoad | undefined): ScalingSample {
    return {
      desired: state.replicas,
      ready: state.ready.length,
      load: load && loadOf(policy, load),
      concurrency: load ? demandOf(load) : 0,
      waiting: load?.waiting ?? waiting.size,
      roomPerReplica: roomOf(state),
      idleMs: load?.idleMs ?? 0,
      failing: state.notReadyBecause,
      updating: state.updating,
    };
  }

  private recordOf(sample: ScalingSample, decision: ScalingDecision, atMs: number): ScalingRecord {
    const { replicas, ...why } = decision;
    const { desired, ready, load, concurrency, waiting } = sample;
    return { at: new Date(atMs).toISOString(), from: desired, to: replicas, ...why, ready, load, concurrency, waiting };
  }
}

/** A service that somebody else made may say what we would have refused. */
function policyOf(labels: FunctionState['spec']['labels']): ScalingPolicy | ShoalError {
  try {
    return parseScalingPolicy(labels);
  } catch (error) {
    if (error instanceof ShoalError) return error;
    throw error;
  }
}

function loadOf({ type }: ScalingPolicy, load: FunctionLoad): number | undefined {
  switch (type) {
    case 'rps':
      return load.callsPerSecond;
    case 'capacity':
      return demandOf(load);
    case 'queue':
      return load.waiting;
    case 'cpu':
      return load.cpuMillis;
    case 'alert':
      return undefined;
  }
}

/** As the replicas that are ready say; all of a function say the same. */
function roomOf({ ready }: FunctionState): number {
  const room = ready[0]?.maxInflight ?? Infinity;
  return room === Number.MAX_SAFE_INTEGER ? Infinity : room;
}
