import type { ScalingDecision, ScalingSample } from './scaling-decision';
import type { ScalingPolicy } from './scaling-policy';

/**
 * How many replicas a function should have when an alert of it is sent (wire contract §3.3): a step of `factor` percent of
 * the maximum while it fires, the minimum when it has ended. Never outside minimum and maximum, never fewer than the calls
 * that are here need, or than the load has needed lately where that is measured; nothing while the function is updated, or
 * does not start; and one that sleeps is not woken by the end of an alert.
 */
export function decideByAlert(policy: ScalingPolicy, sample: ScalingSample, firing: boolean, neededInWindow = 0): ScalingDecision {
  const { min, max, factorPercent } = policy;
  const { desired } = sample;
  const floor = Math.max(1, min);
  const step = Math.ceil((max * factorPercent) / 100);
  const answer = (replicas: number, formula: string, because: string): ScalingDecision => ({ replicas, needed: replicas, reason: 'alert', formula, because });
  if (sample.updating) return { ...answer(desired, '', 'it is being updated, and follows the next alert'), reason: 'updating' };
  if (firing) {
    if (sample.failing !== undefined && sample.ready <= desired / 2) {
      return { ...answer(desired, '', `an alert fires, but of the ${desired} it has, ${desired - sample.ready} do not start: ${sample.failing}`), reason: 'failing' };
    }
    if (step === 0) return answer(desired, 'step 0', 'an alert fires, but its factor of 0 means no step');
    const replicas = Math.min(Math.max(desired + step, floor), max);
    return answer(replicas, `min(${desired} + ceil(${max} × ${factorPercent}%), ${max}) = ${replicas}`, `an alert fires, and each time adds ${step}, up to ${max}`);
  }
  if (desired === 0) return answer(0, '0', 'an alert has ended, and the function sleeps');
  const room = Number.isFinite(sample.roomPerReplica) ? Math.ceil(sample.concurrency / sample.roomPerReplica) : 0;
  const busy = Math.max(room, neededInWindow);
  const replicas = Math.min(Math.max(floor, busy), max);
  const kept = busy > floor ? `, but its calls need ${busy}` : '';
  return answer(replicas, `max(${floor}, ${busy}) = ${replicas}`, `an alert has ended, and the minimum is ${floor}${kept}`);
}
