import { parseDurationMs } from '../shared/duration';
import { ShoalError } from '../shared/errors';

/**
 * What decides a function's replicas: calls started per second, calls at a time, thousandths of a CPU, waiting calls,
 * or alerts.
 */
export type ScalingType = 'rps' | 'capacity' | 'cpu' | 'queue' | 'alert';

/** How far and how a function scales, read from its labels (wire contract §3.1). */
export interface ScalingPolicy {
  readonly type: ScalingType;
  /** Whether the label said so. A function that says nothing follows an alert that names it, too. */
  readonly typeChosen: boolean;
  /** Replicas at deploy, and the floor while the function is awake. */
  readonly min: number;
  readonly max: number;
  /** Load that one replica can take, in the unit of `type`. */
  readonly target: number;
  /** Which part of the target is aimed at: the rest is in hand for what comes before there are more replicas. */
  readonly targetProportion: number;
  /** Step of an alert, in percent of `max`. */
  readonly factorPercent: number;
  /** Replicas go only when so few have sufficed for so long; also the least time between two steps down. */
  readonly downWindowMs: number;
  /** The largest part of the replicas that goes in one step. */
  readonly downStep: number;
  /** After replicas were added, no more are for so long, unless those that were are all ready. */
  readonly warmUpMs: number;
  /** Whether an idle function goes to sleep. */
  readonly zero: boolean;
  /** How long it must have been idle for that, in milliseconds. */
  readonly zeroAfterMs: number;
}

type Labels = Readonly<Record<string, string>>;

export const SCALE_LABEL = 'com.openfaas.scale.';
export const MAX_REPLICAS = 1_000;
export const SCALING_TYPES: readonly ScalingType[] = ['rps', 'capacity', 'cpu', 'queue', 'alert'];
const DEFAULT_MAX_REPLICAS = 20;
const DEFAULT_FACTOR_PERCENT = 20;
const DEFAULT_TARGET = 50;
const DEFAULT_PROPORTION = 0.9;
const DEFAULT_ZERO_AFTER_MS = 15 * 60_000;
const DEFAULT_DOWN_WINDOW_MS = 30_000;
const DEFAULT_DOWN_STEP = 0.5;
const DEFAULT_WARM_UP_MS = 0;
/** Longer, and the history that a window needs would grow without bound. */
export const MAX_DOWN_WINDOW_MS = 5 * 60_000;
const MAX_WARM_UP_MS = 5 * 60_000;
const MAX_TARGET = 1_000_000;

/** Rejects a label that cannot be used with `invalid-request` naming it: nothing falls back silently. */
export function parseScalingPolicy(labels: Labels): ScalingPolicy {
  const min = readCount(labels, 'min', 1, MAX_REPLICAS);
  const max = readCount(labels, 'max', Math.max(DEFAULT_MAX_REPLICAS, min), MAX_REPLICAS);
  if (max < 1) throw invalid('max', 'must be at least 1');
  if (min > max) throw invalid('min', `is ${min}, more than ${SCALE_LABEL}max, which is ${max}`);
  const type = readType(labels);
  return {
    type: type ?? 'rps',
    typeChosen: type !== undefined,
    min,
    max,
    target: readNumber(labels, 'target', { fallback: DEFAULT_TARGET, most: MAX_TARGET }),
    targetProportion: readNumber(labels, 'target-proportion', { fallback: DEFAULT_PROPORTION, most: 1 }),
    factorPercent: readCount(labels, 'factor', DEFAULT_FACTOR_PERCENT, 100),
    downWindowMs: readDuration(labels, 'down.window', { fallbackMs: DEFAULT_DOWN_WINDOW_MS, mostMs: MAX_DOWN_WINDOW_MS, zeroAllowed: true }),
    downStep: readNumber(labels, 'down.step', { fallback: DEFAULT_DOWN_STEP, most: 1 }),
    warmUpMs: readDuration(labels, 'warm-up', { fallbackMs: DEFAULT_WARM_UP_MS, mostMs: MAX_WARM_UP_MS, zeroAllowed: true }),
    zero: readFlag(labels, 'zero'),
    zeroAfterMs: readDuration(labels, 'zero-duration', { fallbackMs: DEFAULT_ZERO_AFTER_MS }),
  };
}

function readType(labels: Labels): ScalingType | undefined {
  const text = labels[`${SCALE_LABEL}type`];
  if (text === undefined) return undefined;
  const type = SCALING_TYPES.find((one) => one === text);
  if (!type) throw invalid('type', `must be one of ${SCALING_TYPES.join(', ')}`);
  return type;
}

function readCount(labels: Labels, name: string, fallback: number, most: number): number {
  const text = labels[SCALE_LABEL + name];
  if (text === undefined) return fallback;
  const value = /^\d{1,6}$/.test(text.trim()) ? Number(text) : NaN;
  if (!(value <= most)) throw invalid(name, `must be a whole number from 0 to ${most}`);
  return value;
}

function readNumber(labels: Labels, name: string, { fallback, most }: { fallback: number; most: number }): number {
  const text = labels[SCALE_LABEL + name];
  if (text === undefined) return fallback;
  const value = /^\d{1,9}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : NaN;
  if (!(value > 0 && value <= most)) throw invalid(name, `must be a number above 0, and ${most} at most`);
  return value;
}

function readFlag(labels: Labels, name: string): boolean {
  const text = labels[SCALE_LABEL + name];
  if (text === undefined || text === 'false' || text === '0') return false;
  if (text === 'true' || text === '1') return true;
  throw invalid(name, 'must be true or false');
}

interface DurationBounds {
  readonly fallbackMs: number;
  readonly mostMs?: number;
  readonly zeroAllowed?: boolean;
}

function readDuration(labels: Labels, name: string, { fallbackMs, mostMs = Infinity, zeroAllowed = false }: DurationBounds): number {
  const text = labels[SCALE_LABEL + name];
  if (text === undefined) return fallbackMs;
  const ms = parseDurationMs(text);
  if (ms === undefined || (ms === 0 && !zeroAllowed)) throw invalid(name, 'must be a duration such as 15m');
  if (ms > mostMs) throw invalid(name, `must be ${mostMs / 1_000}s at most`);
  return ms;
}

function invalid(name: string, problem: string): ShoalError {
  return new ShoalError('invalid-request', `labels.${SCALE_LABEL}${name} ${problem}`);
}
