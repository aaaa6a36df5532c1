import { parseScalingPolicy, type ScalingPolicy, type ScalingType } from '@shoal/domain/scaling/scaling-policy';
import { span } from './describe-preview';
import { labelsOf, type DeployForm } from './form';

export const SCALING_TYPE_TEXT: Readonly<Record<ScalingType, string>> = {
  rps: 'Calls a second',
  capacity: 'Calls at a time',
  cpu: 'CPU in use',
  queue: 'Waiting calls',
  alert: 'Prometheus alerts',
};

/** The scaling policy in a few words. */
export function scalingDigest(form: Pick<DeployForm, 'scaling' | 'labels'>): string {
  try {
    return inWords(parseScalingPolicy(labelsOf(form)));
  } catch {
    return 'not a policy yet';
  }
}

function inWords({ type, min, max, zero, zeroAfterMs }: ScalingPolicy): string {
  const range = min === max ? `always ${min}` : `${min} to ${max}`;
  return `${range}, by ${SCALING_TYPE_TEXT[type].toLowerCase().replace('cpu', 'CPU').replace('prometheus', 'Prometheus')}${zero ? `, asleep after ${span(zeroAfterMs)}` : ''}`;
}
