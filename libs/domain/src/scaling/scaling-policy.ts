import { parseDurationMs } from '../shared/duration';
import { ShoalError } from '../shared/errors';

/** How far and how a function scales, read from its labels (wire contract §3.1). */
export interface ScalingPolicy {
  /** Replicas at deploy, and the floor while the function is awake. */
  readonly min: number;
  readonly max: number;
  /** Step of an alert, in percent of `max`. */
  readonly factorPercent: number;
  /** Whether an idle function goes to sleep. */
  readonly zero: boolean;
  /** How long it must have been idle for that, in milliseconds. */
  readonly zeroAfterMs: number;
}

const PREFIX = 'com.openfaas.scale.';
export const MAX_REPLICAS = 1_000;
const DEFAULT_MAX_REPLICAS = 20;
const DEFAULT_ZERO_AFTER_MS = 15 * 60_000;

/** Rejects a label that cannot be used with `invalid-request` naming it: nothing falls back silently. */
export function parseScalingPolicy(labels: Readonly<Record<string, string>>): ScalingPolicy {
  const min = readCount(labels, 'min', 1, MAX_REPLICAS);
  const max = readCount(labels, 'max', Math.max(DEFAULT_MAX_REPLICAS, min), MAX_REPLICAS);
  if (max < 1) throw invalid('max', 'must be at least 1');
  if (min > max) throw invalid('min', `is ${min}, more than ${PREFIX}max, which is ${max}`);
  return {
    min,
    max,
    factorPercent: readCount(labels, 'factor', 20, 100),
    zero: readFlag(labels, 'zero'),
    zeroAfterMs: readDuration(labels, 'zero-duration', DEFAULT_ZERO_AFTER_MS),
  };
}

function readCount(labels: Readonly<Record<string, string>>, name: string, fallback: number, most: number): number {
  const text = labels[PREFIX + name];
  if (text === undefined) return fallback;
  const value = /^\d{1,6}$/.test(text.trim()) ? Number(text) : NaN;
  if (!(value <= most)) throw invalid(name, `must be a whole number from 0 to ${most}`);
  return value;
}

function readFlag(labels: Readonly<Record<string, string>>, name: string): boolean {
  const text = labels[PREFIX + name];
  if (text === undefined || text === 'false' || text === '0') return false;
  if (text === 'true' || text === '1') return true;
  throw invalid(name, 'must be true or false');
}

function readDuration(labels: Readonly<Record<string, string>>, name: string, fallbackMs: number): number {
  const text = labels[PREFIX + name];
  if (text === undefined) return fallbackMs;
  const ms = parseDurationMs(text);
  if (!ms) throw invalid(name, 'must be a duration such as 15m');
  return ms;
}

function invalid(name: string, problem: string): ShoalError {
  return new ShoalError('invalid-request', `labels.${PREFIX}${name} ${problem}`);
}
