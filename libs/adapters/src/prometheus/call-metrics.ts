import type { CallObserver, CallOutcome } from '@shoal/domain/invocation/call-observer';
import type { ErrorCode } from '@shoal/domain/shared/errors';
import type { Registry } from 'prom-client';
import { Durations, exportMetric, type Labels, type Value } from './durations';

const STARTED_HELP = 'The total number of function HTTP requests started.';

interface FunctionTotals {
  started: number;
  ended: number;
  readonly byOutcome: Map<CallOutcome, Durations>;
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
    if (!ofOutcome) totals.byOutcome.set(outcome, (ofOutcome = new Durations()));
    ofOutcome.add(durationMs);
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
    return this.perCode().flatMap(({ labels, totals }) => totals.values('gateway_functions_seconds', labels));
  }

  /** Different outcomes may share a status: their numbers are one series. */
  private perCode(): { readonly labels: Labels; readonly totals: Durations }[] {
    return [...this.functions].flatMap(([name, { byOutcome }]) => {
      const byCode = new Map<string, Durations>();
      for (const [outcome, durations] of byOutcome) {
        const code = String(typeof outcome === 'number' ? outcome : this.statusOf(outcome));
        const totals = byCode.get(code) ?? new Durations();
        totals.merge(durations);
        byCode.set(code, totals);
      }
      return [...byCode].map(([code, totals]) => ({ labels: { function_name: name, code }, totals }));
    });
  }
}
