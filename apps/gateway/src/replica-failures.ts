import { ByFunction } from '@shoal/adapters/prometheus/by-function';
import { labelsText, series, type Metric } from '@shoal/adapters/prometheus/exposition';
import type { FunctionChange } from '@shoal/domain/functions/function-provider';
import type { Clock } from '@shoal/domain/shared/clock';

const NAME = 'shoal_replica_failures_total';

/** Counts replicas that ended, or could not be started, without anybody having asked for it. */
export class ReplicaFailures {
  private readonly functions: ByFunction<Map<string, number>>;

  constructor(clock: Clock) {
    this.functions = new ByFunction(clock, () => new Map<string, number>());
  }

  /** @param cause one of a few: each is a series. */
  add(functionKey: string, cause: string): void {
    const causes = this.functions.of(functionKey);
    causes.set(cause, (causes.get(cause) ?? 0) + 1);
  }

  /** A listener for `FunctionProvider.watch`. */
  readonly apply = (change: FunctionChange): void => this.functions.apply(change);

  metrics(): readonly Metric[] {
    return [{ name: NAME, help: 'Replicas that failed, by cause: out-of-memory, ended, not-started.', type: 'counter', lines: () => this.lines() }];
  }

  private *lines(): Iterable<string> {
    for (const [name, causes] of this.functions.entries()) {
      for (const [cause, count] of causes) yield series(NAME, labelsText({ function_name: name, cause }), count);
    }
  }
}
