import { parseScalingPolicy } from '../scaling-policy';
import { leastReplicaSeconds } from './least-replicas';

const SCALE = 'com.openfaas.scale.';

describe('leastReplicaSeconds()', () => {
  const least = (labels: Record<string, string>, callsPerSecond: readonly number[], meanMs = 100, room = 1_000) =>
    leastReplicaSeconds(parseScalingPolicy(Object.fromEntries(Object.entries(labels).map(([name, value]) => [SCALE + name, value]))), {
      trace: { name: 't', callsPerSecond },
      replica: { startUpMs: 0, startUpJitter: 0, room },
      service: { meanMs, distribution: 'fixed' },
    });

  it.each<[string, Record<string, string>, readonly number[], number]>([
    ['calls a second: 1 + 2 + 3', {}, [10, 90, 91], 6],
    ['calls at a time, by the time that each takes', { type: 'capacity', target: '10' }, [90, 91], 3],
    ['waiting calls: none need to wait, so the minimum', { type: 'queue', min: '2' }, [100, 100], 4],
    ['the maximum at most', { max: '5' }, [10_000], 5],
    ['nothing while nobody calls, where it may sleep', { zero: 'true' }, [0, 10, 0], 1],
    ['the minimum while nobody calls, where it may not', {}, [0, 10, 0], 3],
  ])('counts %s', (_name, labels, rates, expected) => {
    expect(least(labels, rates)).toBe(expected);
  });

  it('leaves each call room', () => {
    expect(least({}, [40], 1_000, 10)).toBe(4);
  });
});
