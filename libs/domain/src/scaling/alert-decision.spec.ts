import { decideByAlert } from './alert-decision';
import type { ScalingSample } from './scaling-decision';
import { parseScalingPolicy } from './scaling-policy';

const policyOf = (labels: Record<string, string>) =>
  parseScalingPolicy(Object.fromEntries(Object.entries(labels).map(([name, value]) => [`com.openfaas.scale.${name}`, value])));
const sampleOf = (desired: number, rest: Partial<ScalingSample> = {}): ScalingSample => ({
  desired,
  ready: desired,
  load: undefined,
  concurrency: 0,
  waiting: 0,
  roomPerReplica: Infinity,
  idleMs: 0,
  ...rest,
});
/** The counts that a series of alerts leads to: `f` fires, `r` is resolved. */
function counts(labels: Record<string, string>, start: number, events: string): number[] {
  let desired = start;
  return [...events].map((event) => (desired = decideByAlert(policyOf(labels), sampleOf(desired), event === 'f').replicas));
}

describe('decideByAlert()', () => {
  it.each<[string, Record<string, string>, number, string, number[]]>([
    ['no labels', {}, 1, 'ffffffr', [5, 9, 13, 17, 20, 20, 1]],
    ['a small maximum', { max: '2' }, 1, 'ffr', [2, 2, 1]],
    ['a larger step', { min: '2', max: '10', factor: '50' }, 2, 'ffr', [7, 10, 2]],
    ['a smaller step', { max: '10' }, 1, 'f', [3]],
    ['all at once', { factor: '100', max: '20' }, 1, 'f', [20]],
    ['no step: no change, where the original falls to the minimum', { factor: '0' }, 7, 'f', [7]],
    ['asleep: never below the minimum, where the original has 4', { min: '5' }, 0, 'ff', [5, 9]],
    ['minimum and maximum are one', { min: '2', max: '2' }, 2, 'f', [2]],
    ['more than the maximum', { max: '20' }, 30, 'f', [20]],
    ['a maximum that the first jump of the oldest one ignored', { max: '3' }, 1, 'f', [2]],
    ['asleep: not woken by an end', {}, 0, 'r', [0]],
  ])('does as the contract has it, without its defects: %s', (_name, labels, start, events, expected) => {
    expect(counts(labels, start, events)).toEqual(expected);
  });

  it.each<[string, Partial<ScalingSample>, string]>([
    ['is being updated', { updating: true }, 'updating'],
    ['does not start', { ready: 0, failing: 'No such image' }, 'failing'],
  ])('adds none to a function that %s', (_name, rest, reason) => {
    expect(decideByAlert(policyOf({}), sampleOf(4, rest), true)).toMatchObject({ replicas: 4, reason });
  });

  it('keeps the replicas that the calls of this moment fill', () => {
    expect(decideByAlert(policyOf({}), sampleOf(10, { concurrency: 40, roomPerReplica: 16 }), false)).toMatchObject({
      replicas: 3,
      because: 'an alert has ended, and the minimum is 1, but its calls need 3',
    });
  });
});
