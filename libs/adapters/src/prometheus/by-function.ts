import type { FunctionChange } from '@shoal/domain/functions/function-provider';
import { functionKey } from '@shoal/domain/functions/function-spec';
import type { Clock } from '@shoal/domain/shared/clock';

/** So long what a removed function did can still be scraped: its last calls ended after the last scrape. */
export const KEEP_REMOVED_MS = 5 * 60_000;
/** Removed functions of which numbers are kept; then those that went first leave. */
export const MAX_REMOVED = 10_000;

/**
 * What is counted of each function. A function that is removed keeps its numbers for five minutes, and for good when it is
 * deployed again within them: so counters go on, and metrics grow with the functions that there are, not with all that ever were.
 */
export class ByFunction<T> {
  private readonly all = new Map<string, T>();
  /** When, on the monotonic clock; the one that went first comes first. */
  private readonly removed = new Map<string, number>();
  private forgetting = false;

  /** @param most functions of which is counted; then the one that came first leaves. For who is not told of functions that are removed. */
  constructor(
    private readonly clock: Clock,
    private readonly make: () => T,
    private readonly most = Infinity,
  ) {}

  /** Begins to count when it is not known. */
  of(functionKey: string): T {
    const known = this.all.get(functionKey);
    if (known !== undefined) return known;
    if (this.all.size >= this.most) this.forget(this.all.keys().next().value as string);
    const one = this.make();
    this.all.set(functionKey, one);
    return one;
  }

  find(functionKey: string): T | undefined {
    return this.all.get(functionKey);
  }

  /** With their keys. */
  entries(): IterableIterator<[string, T]> {
    return this.all.entries();
  }

  /** A listener for `FunctionProvider.watch`. */
  readonly apply = (change: FunctionChange): void => {
    if (change.kind === 'present') return void this.removed.delete(functionKey(change.state.spec.id));
    const key = functionKey(change.id);
    // Also one of which nothing was counted: what happened in other processes is told some moments late.
    this.removed.set(key, this.clock.monotonicMs());
    if (this.removed.size > MAX_REMOVED) this.forget(this.removed.keys().next().value as string);
    this.forgetLater();
  };

  private forgetLater(): void {
    if (this.forgetting) return;
    this.forgetting = true;
    this.clock.after(KEEP_REMOVED_MS, () => {
      this.forgetting = false;
      const nowMs = this.clock.monotonicMs();
      for (const [key, atMs] of this.removed) if (atMs <= nowMs - KEEP_REMOVED_MS) this.forget(key);
      if (this.removed.size > 0) this.forgetLater();
    });
  }

  private forget(key: string): void {
    this.removed.delete(key);
    this.all.delete(key);
  }
}
