import { formatDuration } from '../shared/duration';
import type { ScalingPolicy, ScalingType } from './scaling-policy';

/** What was measured of one function just now. */
export interface ScalingSample {
  /** How many replicas are asked for. */
  readonly desired: number;
  /** How many of them can take calls. */
  readonly ready: number;
  /** Load of all replicas together, in the unit of the policy's type; `undefined` when nobody could measure it. */
  readonly load: number | undefined;
  /** Calls at a time, those that wait among them. */
  readonly concurrency: number;
  /** Of these, the ones that wait for room. */
  readonly waiting: number;
  /** How many calls one replica takes at a time; `Infinity` when nobody knows. */
  readonly roomPerReplica: number;
  /** For how long nobody has called; 0 while somebody is. */
  readonly idleMs: number;
  /** Why replicas that were asked for are not ready; absent while they are merely starting. */
  readonly failing?: string | undefined;
  /** Whether a new version is taking the place of the one before. */
  readonly updating?: boolean | undefined;
}

/** What decisions of the past mean for the next one. Times are milliseconds of one clock that never goes back. */
export interface ScalingPast {
  /** The most replicas that have been needed at any moment of the last `downWindowMs`; 0 when that is not known. */
  readonly neededInWindow: number;
  /** For how long the function has been watched. */
  readonly watchedMs: number;
  /** Since replicas were last added or taken away, by anybody. */
  readonly sinceUpMs: number;
  readonly sinceDownMs: number;
}

/** Why the count is what it is, for machines. */
export type ScalingReason =
  | 'load'
  | 'room'
  | 'steady'
  | 'minimum'
  | 'maximum'
  | 'idle'
  | 'asleep'
  | 'stable-window'
  | 'warm-up'
  | 'failing'
  | 'updating'
  | 'fixed'
  | 'unmeasured'
  | 'alert'
  | 'woken'
  | 'by-hand';

export interface ScalingDecision {
  /** How many there should be now. */
  readonly replicas: number;
  /** How many the load needs, within minimum and maximum. */
  readonly needed: number;
  readonly reason: ScalingReason;
  /** The arithmetic: `ceil(90 / (50 × 0.9)) = 2`. */
  readonly formula: string;
  /** One sentence for people. */
  readonly because: string;
}

/** Load is a quotient of measurements: a hair above a whole number is that number. */
const TOLERANCE = 1e-9;

/** In which unit the load of a type is told. */
export const LOAD_UNIT: Readonly<Record<ScalingType, string>> = {
  rps: 'calls a second',
  capacity: 'calls at a time',
  cpu: 'thousandths of a CPU',
  queue: 'waiting calls',
  alert: 'alerts',
};

/** How many replicas a function should have, and why. Pure: the same input, the same answer. */
export function decide(policy: ScalingPolicy, sample: ScalingSample, past: ScalingPast): ScalingDecision {
  const need = needOf(policy, sample);
  const { min, max } = policy;
  const floor = Math.max(1, min);
  const needed = Math.min(Math.max(need.replicas, floor), max);
  const answer = (replicas: number, reason: ScalingReason, because: string): ScalingDecision => ({ replicas, needed, reason, formula: need.formula, because });
  const { desired } = sample;

  // A call wakes it; nothing else does.
  if (desired === 0) return answer(0, 'asleep', 'it sleeps until somebody calls');
  // A backend may take a change of the count for the version to go back to.
  if (sample.updating) return answer(desired, 'updating', 'it is being updated, and scales again when that is over');
  // Who has just woken it, or added to it, means somebody to call; also one whom the measurements do not show yet.
  const quietMs = Math.min(sample.idleMs, past.sinceUpMs);
  if (policy.zero && sample.concurrency === 0 && quietMs >= policy.zeroAfterMs) {
    return answer(0, 'idle', `nobody has called for ${formatDuration(quietMs)}, and it goes to sleep after ${formatDuration(policy.zeroAfterMs)}`);
  }
  if (desired < floor) return answer(Math.max(floor, needed), 'minimum', `it has ${count(desired)}, fewer than its minimum of ${floor}`);
  if (desired > max) return answer(max, 'maximum', `it has ${count(desired)}, more than its maximum of ${max}`);
  if (min === max) return answer(max, 'fixed', `its minimum and its maximum are both ${max}`);
  if (policy.type === 'alert') return answer(desired, 'alert', 'it scales by alerts');
  // Room is no measure of the load: it may only ask for more.
  if (sample.load === undefined && needed <= desired) return answer(desired, 'unmeasured', `nobody measures its ${LOAD_UNIT[policy.type]} here`);
  if (needed > desired) return answer(...up(policy, sample, past, { ...need, replicas: needed }));
  if (needed < desired) return answer(...down(policy, sample, past, { ...need, replicas: needed }));
  if (need.replicas > max) return answer(desired, 'maximum', `${need.because}, but ${max} is its maximum`);
  return answer(desired, need.replicas < floor ? 'minimum' : 'steady', `${need.because}, and it has ${count(desired)}`);
}

interface Need {
  readonly replicas: number;
  readonly reason: 'load' | 'room';
  readonly formula: string;
  readonly because: string;
}

/** The larger of two: what the load asks for, and what the calls that are here now need to have room. */
function needOf(policy: ScalingPolicy, { load, concurrency, roomPerReplica }: ScalingSample): Need {
  const { type, target, targetProportion } = policy;
  const byLoad = load === undefined ? 0 : ceil(load / (target * targetProportion));
  const byRoom = Number.isFinite(roomPerReplica) ? ceil(concurrency / roomPerReplica) : 0;
  if (byRoom > byLoad) {
    return {
      replicas: byRoom,
      reason: 'room',
      formula: `ceil(${show(concurrency)} / ${show(roomPerReplica)}) = ${byRoom}`,
      because: `${show(concurrency)} calls at a time need ${count(byRoom)} with room for ${show(roomPerReplica)} each`,
    };
  }
  return {
    replicas: byLoad,
    reason: 'load',
    formula: `ceil(${show(load ?? 0)} / (${show(target)} × ${show(targetProportion)})) = ${byLoad}`,
    because: `${show(load ?? 0)} ${LOAD_UNIT[type]} need ${count(byLoad)} at ${show(target * targetProportion)} each`,
  };
}

function up({ warmUpMs }: ScalingPolicy, { desired, ready, failing }: ScalingSample, { sinceUpMs }: ScalingPast, need: Need): [number, ScalingReason, string] {
  const { replicas, reason, because } = need;
  // One of many may fail because of the load itself.
  if (failing !== undefined && ready <= desired / 2) {
    return [desired, 'failing', `${because}, but of the ${desired} it has, ${desired - ready} do not start: ${failing}`];
  }
  if (ready < desired && sinceUpMs < warmUpMs) {
    return [desired, 'warm-up', `${because}, but ${desired - ready} of the ${desired} it has are still starting`];
  }
  return [replicas, reason, because];
}

function down(policy: ScalingPolicy, { desired }: ScalingSample, past: ScalingPast, need: Need): [number, ScalingReason, string] {
  const { downWindowMs, downStep } = policy;
  const enough = Math.max(need.replicas, past.neededInWindow);
  const window = formatDuration(downWindowMs);
  if (enough >= desired) return [desired, 'stable-window', `${need.because}, but ${past.neededInWindow} were needed within the last ${window}`];
  const waitedMs = Math.min(past.watchedMs, past.sinceUpMs, past.sinceDownMs);
  if (waitedMs < downWindowMs) return [desired, 'stable-window', `${need.because}, and the next step down is ${window} after the last change`];
  const replicas = Math.max(enough, desired - Math.max(1, Math.floor(desired * downStep)));
  const more = replicas > enough ? ', and the rest go in steps' : '';
  return [replicas, need.reason, `${need.because}; no more have been needed for ${window}${more}`];
}

function ceil(value: number): number {
  return Math.ceil(value - TOLERANCE);
}

function count(replicas: number): string {
  return `${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
}

/** At most two decimals. */
function show(value: number): string {
  return String(Math.round(value * 100) / 100);
}
