import type { CallObserver, CallOutcome } from '@shoal/domain/invocation/call-observer';
import type { ErrorCode } from '@shoal/domain/shared/errors';
import type { Metric, Registry } from 'prom-client';

/** Upper bounds of the duration histogram, in seconds (wire contract §4.1). */
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

interface OutcomeTotals {
  readonly code: string;
  count: number;
  seconds: number;
  /** How many calls fell into each bucket, not added up; the last is for longer ones. */
  readonly buckets: number[];
}

interface FunctionTotals {
  started: number;
  ended: number;
  readonly byOutcome: Map<CallOutcome, OutcomeTotals>;
}

/**
 * Counts calls in plain numbers, because it runs on the way of each call; Prometheus' names and formats
 * (`gateway_function_invocation_total` and its kin, wire contract §4.1) are put on when somebody asks.
 */
export class CallMetrics implements CallObserver {
  private readonly functions = new Map<string, FunctionTotals>();

  /** @param statusOf the HTTP status that an error becomes: the metrics' `code`. */
  constructor(private readonly statusOf: (code: ErrorCode) => number) {}

  started(functionKey: string): void {
    this.totals(functionKey).started++;
  }

  ended(functionKey: string, outcome: CallOutcome, durationMs: number): void {
    const totals = this.totals(functionKey);
    totals.ended++;
    let ofOutcome = totals.byOutcome.get(outcome);
    if (!ofOutcome) {
      const code = String(typeof outcome === 'number' ? outcome : this.statusOf(outcome));
      ofOutcome = { code, count: 0, seconds: 0, buckets: new Array<number>(BUCKETS_SECONDS.length + 1).fill(0) };
      totals.byOutcome.set(outcome, ofOutcome);
    }
    const seconds = durationMs / 1_000;
    ofOutcome.count++;
    ofOutcome.seconds += seconds;
    let bucket = 0;
    while (bucket < BUCKETS_SECONDS.length && seconds > BUCKETS_SECONDS[bucket]!) bucket++;
    ofOutcome.buckets[bucket]!++;
  }

  /** Calls of one function that have ended, since the gateway started. */
  invocations(functionKey: string): number {
    return this.functions.get(functionKey)?.ended ?? 0;
  }

  register(registry: Registry): void {
    exportMetric(registry, 'gateway_function_invocation_total', 'Function metrics', 'counter', () => this.totalValues());
    exportMetric(registry, 'gateway_function_invocation_started', STARTED_HELP, 'counter', () => this.startedValues());
    exportMetric(registry, 'gateway_functions_seconds', 'Function time taken', 'histogram', () => this.secondsValues());
  }

  private totals(functionKey: string): FunctionTotals {
    let totals = this.functions.get(functionKey);
    if (!totals) this.functions.set(functionKey, (totals = { started: 0, ended: 0, byOutcome: new Map() }));
    return totals;
  }

  private startedValues(): Value[] {
    return [...this.functions].map(([name, { started }]) => ({ labels: { function_name: name }, value: started }));
  }

  private totalValues(): Value[] {
    return this.perCode().map(({ labels, totals }) => ({ labels, value: totals.count }));
  }

  private secondsValues(): Value[] {
    const name = 'gateway_functions_seconds';
    return this.perCode().flatMap(({ labels, totals }) => {
      let upTo = 0;
      const buckets = totals.buckets.map((count, i): Value => {
        upTo += count;
        return { metricName: `${name}_bucket`, labels: { le: BUCKETS_SECONDS[i] ?? '+Inf', ...labels }, value: upTo };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: totals.seconds },
        { metricName: `${name}_count`, labels, value: totals.count },
      ];
    });
  }

  /** Different outcomes may share a status: their numbers are one series. */
  private perCode(): { readonly labels: Value['labels']; readonly totals: OutcomeTotals }[] {
    return [...this.functions].flatMap(([name, { byOutcome }]) => {
      const byCode = new Map<string, OutcomeTotals>();
      for (const totals of byOutcome.values()) {
        const earlier = byCode.get(totals.code);
        byCode.set(totals.code, earlier ? sum(earlier, totals) : totals);
      }
      return [...byCode.values()].map((totals) => ({ labels: { function_name: name, code: totals.code }, totals }));
    });
  }
}

interface Value {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

const STARTED_HELP = 'The total number of function HTTP requests started.';

function sum(a: OutcomeTotals, b: OutcomeTotals): OutcomeTotals {
  return {
    code: a.code,
    count: a.count + b.count,
    seconds: a.seconds + b.seconds,
    buckets: a.buckets.map((count, i) => count + b.buckets[i]!),
  };
}

/** A metric whose values are worked out when it is scraped; the library has no public type for one. */
function exportMetric(registry: Registry, name: string, help: string, type: string, values: () => Value[]): void {
  const metric = { name, get: async () => ({ name, help, type, aggregator: 'sum', values: values() }) };
  registry.registerMetric(metric as unknown as Metric);
}
