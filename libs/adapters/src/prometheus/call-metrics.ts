import type { CallObserver, CallOutcome } from '@shoal/domain/invocation/call-observer';
import type { FunctionChange } from '@shoal/domain/functions/function-provider';
import type { Clock } from '@shoal/domain/shared/clock';
import type { ErrorCode } from '@shoal/domain/shared/errors';
import { ByFunction } from './by-function';
import { Durations } from './durations';
import { labelsText, series, type Metric } from './exposition';

/** Codes that are told apart, of one function; further ones are counted by their class, `4xx`. */
export const MAX_CODES = 20;

const TOTAL = 'gateway_function_invocation_total';
const STARTED = 'gateway_function_invocation_started';
const SECONDS = 'gateway_functions_seconds';

interface FunctionTotals {
  started: number;
  ended: number;
  readonly byCode: Map<number | string, Durations>;
}

/**
 * Counts calls in plain numbers, because it runs on the way of each call; Prometheus' names and formats
 * (`gateway_function_invocation_total` and its kin, wire contract §4.1) are put on when somebody asks.
 */
export class CallMetrics implements CallObserver {
  private readonly functions: ByFunction<FunctionTotals>;

  /** @param statusOf the HTTP status that an error becomes: the metrics' `code`. */
  constructor(
    private readonly statusOf: (code: ErrorCode) => number,
    clock: Clock,
  ) {
    this.functions = new ByFunction(clock, () => ({ started: 0, ended: 0, byCode: new Map() }));
  }

  started(functionKey: string): void {
    this.functions.of(functionKey).started++;
  }

  /** A call that outlived its function by minutes is counted no more. */
  ended(functionKey: string, outcome: CallOutcome, durationMs: number): void {
    const totals = this.functions.find(functionKey);
    if (!totals) return;
    totals.ended++;
    const code = typeof outcome === 'number' ? outcome : this.statusOf(outcome);
    durationsOf(totals, code).add(durationMs);
  }

  /** Calls of one function that have ended, since the gateway started. */
  invocations(functionKey: string): number {
    return this.functions.find(functionKey)?.ended ?? 0;
  }

  /** A listener for `FunctionProvider.watch`. */
  readonly apply = (change: FunctionChange): void => this.functions.apply(change);

  metrics(): readonly Metric[] {
    return [
      { name: TOTAL, help: 'Function metrics', type: 'counter', lines: () => this.perCode((labels, { count }) => series(TOTAL, labels, count)) },
      { name: STARTED, help: 'The total number of function HTTP requests started.', type: 'counter', lines: () => this.startedLines() },
      { name: SECONDS, help: 'Function time taken', type: 'histogram', lines: () => this.perCode((labels, durations) => durations.lines(SECONDS, labels)) },
    ];
  }

  private *startedLines(): Iterable<string> {
    for (const [name, { started }] of this.functions.entries()) yield series(STARTED, labelsText({ function_name: name }), started);
  }

  private *perCode(linesOf: (labels: string, durations: Durations) => string): Iterable<string> {
    for (const [name, { byCode }] of this.functions.entries()) {
      for (const [code, durations] of byCode) yield linesOf(labelsText({ function_name: name, code }), durations);
    }
  }
}

function durationsOf({ byCode }: FunctionTotals, status: number): Durations {
  const known = byCode.get(status);
  if (known) return known;
  const code = byCode.size < MAX_CODES ? status : `${Math.floor(status / 100)}xx`;
  let durations = byCode.get(code);
  if (!durations) byCode.set(code, (durations = new Durations()));
  return durations;
}
