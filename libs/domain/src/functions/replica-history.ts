import type { Clock } from '../shared/clock';
import type { FunctionChange } from './function-provider';
import { functionKey } from './function-spec';

/** So far back it goes. */
const WINDOW_MS = 10 * 60_000;
/** Of one function; then the oldest go. */
const MAX_CHANGES = 500;

/** From then on so many replicas were asked for, and so many could take calls. */
export interface ReplicaCount {
  /** Since the Unix epoch. */
  readonly atMs: number;
  readonly wanted: number;
  readonly ready: number;
}

/** How the replicas of each function changed in the last ten minutes, as the provider's watch tells. */
export class ReplicaHistory {
  private readonly functions = new Map<string, ReplicaCount[]>();
  private forgetting = false;

  constructor(private readonly clock: Clock) {}

  /** A listener for `FunctionProvider.watch`. */
  readonly apply = (change: FunctionChange): void => {
    if (change.kind === 'removed') {
      this.functions.delete(functionKey(change.id));
      return;
    }
    const { spec, replicas: wanted, ready } = change.state;
    const key = functionKey(spec.id);
    const counts = this.functions.get(key) ?? [];
    const last = counts.at(-1);
    if (last?.wanted === wanted && last.ready === ready.length) return;
    counts.push({ atMs: this.clock.nowMs(), wanted, ready: ready.length });
    if (counts.length > MAX_CHANGES) counts.shift();
    this.functions.set(key, counts);
    if (last) this.forgetLater();
  };

  /** The first is how it was when the window began, or the function; each later one a change. */
  of(key: string): readonly ReplicaCount[] {
    const sinceMs = this.clock.nowMs() - WINDOW_MS;
    const counts = this.functions.get(key) ?? [];
    forget(counts, sinceMs);
    return counts.map((count) => (count.atMs < sinceMs ? { ...count, atMs: sinceMs } : count));
  }

  private forgetLater(): void {
    if (this.forgetting) return;
    this.forgetting = true;
    this.clock.after(WINDOW_MS, () => {
      this.forgetting = false;
      const sinceMs = this.clock.nowMs() - WINDOW_MS;
      for (const counts of this.functions.values()) {
        forget(counts, sinceMs);
        if (counts.length > 1) this.forgetLater();
      }
    });
  }
}

/** What was over before the window began. */
function forget(counts: ReplicaCount[], sinceMs: number): void {
  while (counts.length > 1 && counts[1]!.atMs <= sinceMs) counts.shift();
}
