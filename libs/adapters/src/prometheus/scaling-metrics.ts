import type { FunctionEntry, ReplicaDirectory } from '@shoal/domain/invocation/replica-directory';
import type { Autoscaler } from '@shoal/domain/scaling/autoscaler';
import { labelsText, series, type Metric } from './exposition';

/** Where the numbers come from. */
interface ScalingFacts {
  readonly directory: Pick<ReplicaDirectory, 'all'>;
  readonly autoscaler: Pick<Autoscaler, 'glance'>;
  readonly lastCalls: {
    /** Milliseconds since the Unix epoch; of a function that was never called, when it was first looked at. */
    lastCallMs(functionKey: string): number | undefined;
  };
}

/** Numbers of scaling, worked out when somebody scrapes: replicas, what they are for, and what they do (wire contract §4.1, §4.5). */
export function scalingMetrics({ directory, autoscaler, lastCalls }: ScalingFacts): readonly Metric[] {
  const gauge = (name: string, help: string, read: (entry: FunctionEntry) => number | undefined): Metric => ({
    name,
    help,
    type: 'gauge',
    lines: function* () {
      for (const entry of directory.all()) {
        const value = read(entry);
        if (value !== undefined) yield series(name, labelsText({ function_name: entry.key }), value);
      }
    },
  });
  return [
    gauge('gateway_service_count', 'Current count of replicas for function', ({ state }) => state.replicas),
    gauge('gateway_service_ready_count', 'Replicas that can take calls.', ({ state }) => state.ready.length),
    gauge('gateway_service_min', 'Fewest replicas while awake.', ({ key }) => autoscaler.glance(key)?.policy?.min),
    gauge('gateway_service_target', 'Load that one replica can take.', ({ key }) => autoscaler.glance(key)?.policy?.target),
    gauge('gateway_service_target_load', 'Load of all replicas together, in the unit of the target.', ({ key }) => autoscaler.glance(key)?.load),
    gauge('gateway_function_invocation_inflight', 'Calls that run or wait.', ({ callCount }) => callCount),
    gauge('shoal_function_waiting_calls', 'Calls that wait for a replica.', ({ waitingCount }) => waitingCount),
    gauge('shoal_function_last_call_timestamp_seconds', 'When somebody last called, or when nobody had since this gateway began to look.', ({ key }) => {
      const lastMs = lastCalls.lastCallMs(key);
      return lastMs === undefined ? undefined : lastMs / 1_000;
    }),
  ];
}
