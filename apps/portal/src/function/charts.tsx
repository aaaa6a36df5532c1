import type { ScalingRecord } from '@shoal/domain/scaling/autoscaler';
import { useMemo } from 'preact/hooks';
import type { FunctionSummary } from '../live/summary';
import { formatCount, formatMs, formatShare } from '../ui/numbers';
import { Chart } from './chart';
import { changeInWords } from './scaling-in-words';
import { callRates, callsInFlight, latencies, replicaSteps, windowOf } from './series';
import type { StatisticsReading } from './statistics';

export interface ChartsProps {
  readonly fn: FunctionSummary;
  readonly statistics: StatisticsReading;
  /** The latest first. */
  readonly changes: readonly ScalingRecord[];
  /** Whether there is anything about calls to show. */
  readonly withCalls: boolean;
}

/** The last ten minutes of a function. */
export function Charts({ fn, statistics, changes, withCalls }: ChartsProps) {
  const range = windowOf(statistics);
  const data = useMemo(
    () => ({ rates: callRates(statistics), latencies: latencies(statistics), inFlight: callsInFlight(statistics), replicas: replicaSteps(statistics) }),
    [statistics],
  );
  const marks = changes
    .map((change) => ({ second: Date.parse(change.at) / 1_000, text: changeInWords(change) }))
    .filter(({ second }) => second >= range[0])
    .reverse();
  return (
    <>
      {withCalls && (
        <>
          <Chart title="Calls a second" now={rateInWords(fn)} kind="stacked" labels={['2xx', '3xx', '4xx', '5xx']} data={data.rates} format={formatCount} least={1} range={range} />
          <Chart title="Latency" now={latencyInWords(fn)} kind="lines" labels={['p50', 'p95', 'p99']} data={data.latencies} format={formatMs} least={5} range={range} />
          <Chart title="Calls at a time" now={inFlightInWords(fn)} kind="steps" labels={['most at a time']} data={data.inFlight} format={formatCount} least={2} wholeNumbers range={range} />
        </>
      )}
      <Chart
        title="Replicas"
        now={replicasInWords(fn)}
        kind="steps"
        labels={['ready', 'wanted']}
        data={data.replicas}
        format={formatCount}
        least={2}
        wholeNumbers
        range={range}
        marks={marks}
        markLabel="scaling decision"
      />
    </>
  );
}

function rateInWords({ callsPerSecond, errorRate }: FunctionSummary): string {
  const failed = errorRate === undefined || errorRate === 0 ? '' : `; ${formatShare(errorRate)} failed in the last minute`;
  return `${formatCount(callsPerSecond)} now${failed}`;
}

function latencyInWords({ p95Ms }: FunctionSummary): string {
  return p95Ms === undefined ? 'no calls in the last minute' : `95 % within ${formatMs(p95Ms)} in the last minute`;
}

function inFlightInWords({ inFlight, waiting }: FunctionSummary): string {
  return `${formatCount(inFlight)} now${waiting > 0 ? `, of which ${formatCount(waiting)} wait` : ''}`;
}

function replicasInWords({ replicas, availableReplicas }: FunctionSummary): string {
  return availableReplicas === replicas ? `${replicas} ready` : `${availableReplicas} of ${replicas} ready`;
}
