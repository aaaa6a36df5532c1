import { parseScalingPolicy } from '@shoal/domain/scaling/scaling-policy';
import { parseConcurrency, parseRetryPolicy } from '@shoal/domain/queue/retry-policy';
import { parseSchedule } from '@shoal/domain/queue/schedule';
import { nonsenseDuration, nonsenseSchedule, nonsenseText } from './nonsense';
import type { Random } from '../random';

type Texts = Readonly<Record<string, string>>;

/** The names that `read` asks a map of texts for. */
function askedBy(read: (texts: Texts) => unknown, texts: Texts = {}): string[] {
  const asked = new Set<string>();
  read(new Proxy(texts, { get: (target, name) => (asked.add(String(name)), target[String(name)]) }));
  return [...asked];
}

/** Every label that means something to us: those that the code reads. */
export const SCALING_LABELS: readonly string[] = askedBy(parseScalingPolicy);
/** Every annotation that means something to us. */
export const ANNOTATIONS: readonly string[] = [...askedBy(parseRetryPolicy), ...askedBy(parseConcurrency), ...askedBy(parseSchedule, { schedule: '* * * * *' })];

const GOOD_LABELS: Texts = { type: 'rps', min: '1', max: '3', target: '50', 'target-proportion': '0.9', factor: '20', 'down.window': '30s', 'down.step': '0.5', 'warm-up': '0s', zero: 'true', 'zero-duration': '15m' };
const GOOD_ANNOTATIONS: Texts = { 'com.openfaas.retry.attempts': '2', 'com.openfaas.retry.codes': '500,503', 'com.openfaas.retry.min_wait': '1s', 'com.openfaas.retry.max_wait': '2s', 'com.openfaas.retry.deadline': '1m', 'com.openfaas.async.concurrency': '3', schedule: '0 0 1 1 *', 'schedule.timezone': 'Europe/Berlin', 'schedule.missed': 'once' };

/** Labels with some that say how to scale: all as they may be, or with one that is nonsense. */
export function scalingLabels(random: Random, nonsensical = random.chance(0.4)): Record<string, string> {
  const names = random.some(4, () => random.pick(SCALING_LABELS));
  const labels = Object.fromEntries(names.map((name) => [name, GOOD_LABELS[name.slice('com.openfaas.scale.'.length)] ?? 'true']));
  if (nonsensical) labels[random.pick(SCALING_LABELS)] = random.chance(0.4) ? nonsenseDuration(random) : nonsenseText(random);
  return random.chance(0.3) ? { ...labels, team: 'a' } : labels;
}

/** As `scalingLabels`, of what says how calls are repeated and when the clock makes them. */
export function annotations(random: Random, nonsensical = random.chance(0.4)): Record<string, string> {
  const names = random.some(3, () => random.pick(ANNOTATIONS));
  const result = Object.fromEntries(names.map((name) => [name, GOOD_ANNOTATIONS[name] ?? '1']));
  if (!nonsensical) return result;
  if (random.chance(0.5)) return { ...result, schedule: nonsenseSchedule(random) };
  return { ...result, [random.pick(ANNOTATIONS)]: random.chance(0.3) ? nonsenseDuration(random) : nonsenseText(random) };
}
