import type { FunctionProvider, FunctionState } from '../functions/function-provider';
import type { FunctionId } from '../functions/function-spec';
import type { FunctionEntry, ReplicaDirectory } from '../invocation/replica-directory';
import type { Clock } from '../shared/clock';
import { forEachInSlices } from '../shared/for-each-in-slices';
import { messageOf, ShoalError } from '../shared/errors';
import { decideByAlert } from './alert-decision';
import { demandOf } from './demand';
import type { FunctionLoad, MetricsSource } from './metrics-source';
import { decide, type ScalingDecision, type ScalingReason, type ScalingSample } from './scaling-decision';
import { parseScalingPolicy, type ScalingPolicy } from './scaling-policy';
import { SlidingMaximum } from './sliding-maximum';

/** Changes that are remembered of each function. */
export const MAX_REMEMBERED_CHANGES = 100;
/** Orders to the provider at a time; the rest follow at the next ticks. */
const MAX_ORDERS = 50;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
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

/** A look at a function. */
interface Look {
  readonly decision: ScalingDecision;
  readonly sample: ScalingSample;
  atMs: number;
  /** What it saw, when that alone decided: as long as it stays, and nobody calls, the next look says the same. */
  readonly settled?: FunctionState | undefined;
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
  /** Whether the provider has not yet answered an order. */
  ordering: boolean;
  /** After an order that was refused, the next one waits, ever longer. */
  pauseMs: number;
  againMs: number;
  now: Look | undefined;
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
  private orders = 0;

  constructor(private readonly options: AutoscalerOptions) {}

  /**
   * Looks at every function once, and orders what follows from that; does not wait for the provider. Rejects as
   * `MetricsSource.measure` does; a tick during another one does nothing.
   */
  async tick(): Promise<void> {
    if (this.ticking) return;
    this.ticking = true;
    try {
      const loads = await this.options.metrics.measure();
      await forEachInSlices(this.options.directory.all(), this.options.clock, (entry) => this.look(entry, loads.get(entry.key)));
      for (const key of this.functions.keys()) if (!this.options.directory.find(key)) this.functions.delete(key);
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
    // Sending it again would not mend the labels.
    if (policy instanceof ShoalError || (policy.type !== 'alert' && policy.typeChosen)) return;
    const nowMs = this.options.clock.monotonicMs();
    watched.alertMs = firing ? nowMs : -Infinity;
    const sample = { ...this.sampleOf(entry, policy, undefined), concurrency: entry.callCount };
    const neededInWindow = watched.needed.since(nowMs - policy.downWindowMs);
    const decision = decideByAlert(policy, sample, firing, neededInWindow);
    watched.now = { decision, sample, atMs: this.options.clock.nowMs() };
    const error = await this.order(entry, watched);
    if (error) throw error;
  }

  /** What is known of a function; `undefined` when it is not there. */
  story(functionKey: string): ScalingStory | undefined {
    const entry = this.options.directory.find(functionKey);
    if (!entry) return undefined;
    const { now, policy, changes } = this.functions.get(functionKey) ?? newlyWatched(entry.state, this.options.clock.monotonicMs());
    const record = now && this.recordOf(now.sample, now.decision, now.atMs);
    if (policy instanceof ShoalError) return { policy: undefined, problem: policy.message, now: record, changes: [...changes].reverse() };
    return { policy, now: record, changes: [...changes].reverse() };
  }

  /** The policy and the load at the last look, without the history. */
  glance(functionKey: string): { readonly policy: ScalingPolicy | undefined; readonly load: number | undefined } | undefined {
    const watched = this.functions.get(functionKey);
    return watched && { policy: watched.policy instanceof ShoalError ? undefined : watched.policy, load: watched.now?.sample.load };
  }

  private look(entry: FunctionEntry, load: FunctionLoad | undefined): void {
    const watched = this.watch(entry);
    const nowMs = this.options.clock.monotonicMs();
    const { policy, now } = watched;
    if (policy instanceof ShoalError) return;
    // So it is with most functions at most times.
    if (now?.settled === entry.state && isNothing(load) && !this.isDriven(policy, watched)) {
      now.atMs = this.options.clock.nowMs();
      if (now.sample.load !== undefined) watched.needed.add(nowMs, now.decision.needed);
      return;
    }
    const sample = this.sampleOf(entry, policy, load);
    const decision = decide(policy, sample, {
      neededInWindow: watched.needed.since(nowMs - policy.downWindowMs),
      watchedMs: nowMs - watched.sinceMs,
      sinceUpMs: nowMs - watched.upMs,
      sinceDownMs: nowMs - watched.downMs,
    });
    if (sample.load !== undefined) watched.needed.add(nowMs, decision.needed);
    const driven = this.isDriven(policy, watched);
    const settled = !driven && isNothing(load) && isLasting(policy, decision, sample) ? entry.state : undefined;
    watched.now = { decision: driven ? byAlert(decision, sample.desired) : decision, sample, atMs: this.options.clock.nowMs(), settled };
    if (!watched.ordering && nowMs >= watched.againMs && this.orders < MAX_ORDERS) void this.order(entry, watched);
  }

  /** One driver at a time: while an alert holds, it is the driver. */
  private isDriven({ type }: ScalingPolicy, { alertMs }: Watched): boolean {
    return type !== 'alert' && this.options.clock.monotonicMs() - alertMs < ALERT_VALID_MS;
  }

  /** Orders what was decided last, if that is a change. Never rejects: resolves with what went wrong. */
  private async order({ id }: FunctionEntry, watched: Watched): Promise<Error | undefined> {
    const { decision, sample, atMs } = watched.now!;
    if (decision.replicas === sample.desired) return undefined;
    const record = this.recordOf(sample, decision, atMs);
    this.orders++;
    watched.ordering = true;
    try {
      await this.options.provider.scale(id, decision.replicas);
      noteChange(watched, decision.replicas, this.options.clock.monotonicMs());
      watched.pauseMs = 0;
      this.remember(id, watched, record);
      return undefined;
    } catch (error) {
      if (error instanceof ShoalError && error.code === 'function-not-found') return undefined; // It has just been removed.
      watched.pauseMs = Math.min(watched.pauseMs * 2 || FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
      watched.againMs = this.options.clock.monotonicMs() + watched.pauseMs;
      this.remember(id, watched, { ...record, error: messageOf(error) });
      return error instanceof Error ? error : new Error(messageOf(error));
    } finally {
      watched.ordering = false;
      this.orders--;
    }
  }

  private remember(id: FunctionId, { changes }: Watched, record: ScalingRecord): void {
    const last = changes.at(-1);
    if (record.error !== undefined && last?.error === record.error && last.to === record.to) {
      // The same refusal again is no news, except for its time.
      changes[changes.length - 1] = record;
      return;
    }
    changes.push(record);
    if (changes.length > MAX_REMEMBERED_CHANGES) changes.shift();
    this.options.changed(id, record);
  }

  private watch(entry: FunctionEntry): Watched {
    const { key, state } = entry;
    const nowMs = this.options.clock.monotonicMs();
    let watched = this.functions.get(key);
    if (!watched) this.functions.set(key, (watched = newlyWatched(state, nowMs)));
    if (watched.labels !== state.spec.labels) {
      watched.labels = state.spec.labels;
      watched.policy = policyOf(watched.labels);
    }
    const before = watched.replicas;
    // While an order of ours is under way, the change is ours.
    if (state.replicas === before || watched.ordering) return watched;
    noteChange(watched, state.replicas, nowMs);
    this.remember(entry.id, watched, this.recordOfOthers(entry, before));
    return watched;
  }

  /** A change that this loop has not ordered. */
  private recordOfOthers({ state, waitingCount, callCount }: FunctionEntry, before: number): ScalingRecord {
    const { replicas, ready } = state;
    const woken = before === 0;
    return {
      at: new Date(this.options.clock.nowMs()).toISOString(),
      from: before,
      to: replicas,
      needed: replicas,
      reason: woken ? 'woken' : 'by-hand',
      formula: String(replicas),
      because: woken ? 'a call has woken it, or somebody has' : 'somebody has set it, or deployed it with other bounds',
      ready: ready.length,
      load: undefined,
      concurrency: callCount,
      waiting: waitingCount,
    };
  }

  private sampleOf({ state, waitingCount }: FunctionEntry, policy: ScalingPolicy, load: FunctionLoad | undefined): ScalingSample {
    return {
      desired: state.replicas,
      ready: state.ready.length,
      load: load && loadOf(policy, load),
      concurrency: load ? demandOf(load) : 0,
      waiting: load?.waiting ?? waitingCount,
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

function newlyWatched({ replicas, spec }: FunctionState, nowMs: number): Watched {
  const never = -Infinity;
  return {
    sinceMs: nowMs,
    labels: spec.labels,
    policy: policyOf(spec.labels),
    replicas,
    upMs: never,
    downMs: never,
    needed: new SlidingMaximum(),
    alertMs: never,
    ordering: false,
    pauseMs: 0,
    againMs: never,
    now: undefined,
    changes: [],
  };
}

function noteChange(watched: Watched, replicas: number, nowMs: number): void {
  if (replicas > watched.replicas) watched.upMs = nowMs;
  if (replicas < watched.replicas) watched.downMs = nowMs;
  watched.replicas = replicas;
}

/** Nobody calls, nobody has called of late, and nothing waits. */
function isNothing(load: FunctionLoad | undefined): load is FunctionLoad {
  return load !== undefined && load.callsPerSecond === 0 && load.concurrency === 0 && load.waiting === 0 && !load.queued && load.cpuMillis === undefined;
}

/** Whether neither the time that goes by nor the past has a part in a decision that was made without any load. */
function isLasting({ type, zero }: ScalingPolicy, { replicas, reason }: ScalingDecision, { desired }: ScalingSample): boolean {
  if (replicas !== desired || type === 'cpu') return false;
  return reason === 'asleep' || ((reason === 'minimum' || reason === 'fixed') && !zero);
}

/** What the load asks for goes on being looked at, and is not carried out. */
function byAlert(decision: ScalingDecision, desired: number): ScalingDecision {
  return { ...decision, replicas: desired, reason: 'alert', because: 'an alert drives it, until that has ended or is not repeated' };
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
      return load.waiting + (load.queued ?? 0);
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
