import type { ScalingRecord } from '@shoal/domain/scaling/autoscaler';
import type { ScalingPolicy } from '@shoal/domain/scaling/scaling-policy';
import { formatDuration } from '@shoal/domain/shared/duration';
import { formatCount } from '../ui/numbers';
import { plural } from '../ui/words';

/** `1 → 3: 90 calls a second need 2 replicas at 45 each`. */
export function changeInWords({ from, to, because, error }: ScalingRecord): string {
  return `${from} → ${to}: ${because}${error === undefined ? '' : `; it could not be ordered: ${error}`}`;
}

/** What a policy does, a sentence each. */
export function policyInWords(policy: ScalingPolicy): readonly string[] {
  const { min, max, zero, zeroAfterMs } = policy;
  const sentences = min === max ? [`It always has ${plural(max, 'replica')}.`] : [`It has ${min} to ${plural(max, 'replica')}.`, ...loadInWords(policy)];
  return [...sentences, zero ? `It goes to sleep after ${formatDuration(zeroAfterMs)} without a call.` : 'It never goes to sleep by itself.'];
}

function loadInWords({ type, target, targetProportion, factorPercent, downWindowMs, downStep, warmUpMs }: ScalingPolicy): readonly string[] {
  if (type === 'alert') return [`While an alert names it, it gets ${factorPercent} % of its maximum more.`];
  const each = formatCount(target * targetProportion);
  const aim = targetProportion < 1 ? ` (${formatCount(targetProportion * 100)} % of ${formatCount(target)})` : '';
  const unit = { rps: `${each} calls a second`, capacity: `${each} calls at a time`, cpu: `${each} thousandths of a CPU in use`, queue: `${each} waiting calls` }[type];
  return [
    `There is one for every ${unit}${aim}.`,
    `Some go once fewer have been enough for ${formatDuration(downWindowMs)}, at most ${formatCount(downStep * 100)} % at a time.`,
    ...(warmUpMs > 0 ? [`No more come within ${formatDuration(warmUpMs)} of the last ones, unless all are ready.`] : []),
  ];
}
