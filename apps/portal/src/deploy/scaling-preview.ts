import { parseScalingPolicy, SCALE_LABEL, type ScalingPolicy, type ScalingType } from '@shoal/domain/scaling/scaling-policy';
import { simulate } from '@shoal/domain/scaling/simulation/simulation';

/** What a policy does with a load that rises, stays, falls and ends. */
export interface ScalingPreview {
  readonly policy: ScalingPolicy;
  /** In the unit of the policy's type. */
  readonly peakLoad: number;
  /** How many replicas the load needs, second by second, and how many there are. */
  readonly seconds: readonly { readonly needed: number; readonly replicas: number }[];
  /** Second of the last call. */
  readonly quietFrom: number;
}

type Labels = Readonly<Record<string, string>>;
/** Those for which the load is known beforehand. */
type Foreseeable = Exclude<ScalingType, 'alert'>;

const RISE_SECONDS = 60;
const STAY_SECONDS = 60;
const FALL_SECONDS = 40;
/** What comes later is told, not drawn. */
const MAX_QUIET_SECONDS = 3_600;
/** What is seen of the end. */
const QUIET_TAIL_SECONDS = 20;
const QUIET_TAIL_SHARE = 0.15;
/** More replicas than this are wanted at the peak only where the policy begins with more. */
const PEAK_REPLICAS = 6;
/** Enough that chance shows little, few enough that it takes no time. */
const SIMULATED_LOAD = 300;
const START_UP_MS = 1_000;
const CALL_MS: Readonly<Record<'rps' | 'capacity', number>> = { rps: 50, capacity: 1_000 };
const PATIENCE_MS = 60_000;

/**
 * Simulates the policy of some labels with the gateway's own rules.
 *
 * @param betweenTicks awaited again and again, so that other work gets its turn; when it rejects, so does this.
 * @returns `undefined` for a function that scales by alerts: when those come nobody knows. Rejects labels that are no policy
 * with `invalid-request`.
 */
export async function scalingPreview(labels: Labels, betweenTicks?: () => Promise<void>): Promise<ScalingPreview | undefined> {
  const policy = parseScalingPolicy(labels);
  if (policy.type === 'alert') return undefined;
  const type = simulatedType(policy.type);
  const heights = heightsOf(policy);
  const replicasAtPeak = Math.min(policy.max, Math.max(PEAK_REPLICAS, policy.min + 3)) - 0.5;
  const { seconds } = await simulate({
    // All that counts is the load in proportion to the target. Calls at a time are as many as calls a second: each takes one.
    trace: { name: 'preview', callsPerSecond: heights.map((height) => height * SIMULATED_LOAD) },
    functions: 1,
    labels: simulatedLabels(labels, policy, type, SIMULATED_LOAD / replicasAtPeak / policy.targetProportion),
    replica: { startUpMs: START_UP_MS, startUpJitter: 0, room: Number.MAX_SAFE_INTEGER },
    service: { meanMs: CALL_MS[type], distribution: 'fixed' },
    patienceMs: PATIENCE_MS,
    tickMs: 1_000,
    seed: 1,
    ...(betweenTicks ? { betweenTicks } : {}),
  });
  return {
    policy,
    peakLoad: policy.target * policy.targetProportion * replicasAtPeak,
    seconds: seconds.map(({ desired }, second) => ({ replicas: desired, needed: heights[second]! * replicasAtPeak })),
    quietFrom: RISE_SECONDS + STAY_SECONDS + FALL_SECONDS,
  };
}

/** Whatever is measured, the rule is the same: so much for each replica. A load of calls at a time stands for the others. */
function simulatedType(type: Foreseeable): 'rps' | 'capacity' {
  return type === 'rps' ? 'rps' : 'capacity';
}

function simulatedLabels(labels: Labels, policy: ScalingPolicy, type: string, target: number): Labels {
  return {
    ...Object.fromEntries(Object.entries(labels).filter(([name]) => name.startsWith(SCALE_LABEL))),
    [`${SCALE_LABEL}type`]: type,
    [`${SCALE_LABEL}target`]: target.toFixed(9),
    [`${SCALE_LABEL}zero-duration`]: `${Math.min(policy.zeroAfterMs / 1_000, MAX_QUIET_SECONDS).toFixed(3)}s`,
  };
}

/** From 0 to 1, second by second; silence for as long as anything goes on happening. */
function heightsOf(policy: ScalingPolicy): readonly number[] {
  const rise = Array.from({ length: RISE_SECONDS }, (_, second) => (second + 1) / RISE_SECONDS);
  const fall = Array.from({ length: FALL_SECONDS }, (_, second) => 1 - (second + 1) / FALL_SECONDS);
  const untilSleepMs = policy.zero ? policy.zeroAfterMs : 0;
  const quiet = Math.min(Math.ceil(Math.max(untilSleepMs, stepsDown(policy) * policy.downWindowMs) / 1_000), MAX_QUIET_SECONDS);
  return [...rise, ...new Array<number>(STAY_SECONDS).fill(1), ...fall, ...new Array<number>(quiet + Math.max(QUIET_TAIL_SECONDS, Math.ceil(quiet * QUIET_TAIL_SHARE))).fill(0)];
}

/** How many steps there may be from the maximum of the picture to the minimum. */
function stepsDown({ min, max, downStep }: ScalingPolicy): number {
  let replicas = Math.min(max, Math.max(PEAK_REPLICAS, min + 3));
  let steps = 1;
  for (; replicas > Math.max(1, min); steps++) replicas -= Math.max(1, Math.floor(replicas * downStep));
  return steps;
}
