import { LOAD_UNIT } from '@shoal/domain/scaling/scaling-decision';
import { formatDuration } from '@shoal/domain/shared/duration';
import { formatCount, formatMs } from '../ui/numbers';
import { plural } from '../ui/words';
import type { ScalingPreview } from './scaling-preview';

/** The load of a preview in words. */
export function describeLoad({ policy, peakLoad }: ScalingPreview): string {
  return `${formatCount(peakLoad)} ${LOAD_UNIT[policy.type]}`;
}

/** What a preview shows, for those who do not see it, and those who do. */
export function describePreview(preview: ScalingPreview): string {
  const { policy, seconds, quietFrom } = preview;
  const counts = seconds.map(({ replicas }) => replicas);
  const first = Math.min(counts[0] ?? 0, policy.min);
  const most = Math.max(...counts);
  const awakeFloor = Math.max(1, policy.min);
  const sentences = [`A load that rises to ${describeLoad(preview)}, stays there for a minute and falls: ${range(first, most)}.`];
  if (policy.min === 0) sentences.push('It begins asleep; the first call wakes it and waits for the start.');
  const more = counts.findIndex((count) => count > Math.max(first, awakeFloor));
  if (more >= 0) sentences.push(`Another is added after ${formatMs(more * 1_000)}.`);
  if (most === policy.max && policy.max > awakeFloor) sentences.push(`Never more than ${most}.`);
  const back = most > awakeFloor ? counts.findIndex((count, second) => second >= quietFrom && count <= awakeFloor) : -1;
  if (back >= 0) sentences.push(`Back to ${plural(awakeFloor, 'replica')} ${back === quietFrom ? 'with' : `${formatMs((back - quietFrom) * 1_000)} after`} the last call.`);
  sentences.push(policy.zero ? `Asleep ${span(policy.zeroAfterMs)} after the last call.` : 'It never goes to sleep.');
  return sentences.join(' ');
}

/** `15 min`, `24h`. */
export function span(ms: number): string {
  return ms >= 3_600_000 ? formatDuration(ms) : formatMs(ms);
}

function range(first: number, most: number): string {
  return first === most ? `always ${plural(most, 'replica')}` : `${first} to ${plural(most, 'replica')}`;
}
