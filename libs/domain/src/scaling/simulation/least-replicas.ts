import { decide } from '../scaling-decision';
import type { ScalingPolicy, ScalingType } from '../scaling-policy';
import type { SimulationOptions } from './simulation';

type Load = Pick<SimulationOptions, 'trace' | 'replica' | 'service'>;

/**
 * Replicas, second by second and added up, that `decide` finds needed for the load of a trace when it is known beforehand and
 * replicas come and go at once. Less than any real scaling can do.
 */
export function leastReplicaSeconds(policy: ScalingPolicy, { trace, replica, service }: Load): number {
  const { room: roomPerReplica } = replica;
  return trace.callsPerSecond.reduce((sum, rate) => {
    if (rate === 0 && policy.zero) return sum;
    const concurrency = (rate * service.meanMs) / 1_000; // Little's law
    const load = loadOf(policy.type, rate, concurrency);
    const sample = { desired: policy.max, ready: policy.max, load, concurrency, waiting: 0, roomPerReplica, idleMs: 0 };
    return sum + decide(policy, sample, { neededInWindow: 0, watchedMs: 0, sinceUpMs: 0, sinceDownMs: 0 }).needed;
  }, 0);
}

function loadOf(type: ScalingType, callsPerSecond: number, concurrency: number): number {
  if (type === 'rps') return callsPerSecond;
  return type === 'capacity' ? concurrency : 0;
}
