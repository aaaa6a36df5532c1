import type { QueuedCalls, QueueStatus } from '@shoal/domain/queue/queued-calls';
import type { Clock } from '@shoal/domain/shared/clock';
import type { QueueTotals } from './events.dto';

/** The queue is asked no more often than this. */
const ASK_MS = 2_000;
/** What it said counts for so long, if it says nothing more. */
const STALE_MS = 10_000;

/** What the queue last said of itself. */
interface Known {
  readonly atMs: number;
  readonly totals: QueueTotals;
  /** By function. */
  readonly dead: ReadonlyMap<string, number>;
}

/** Counts the queue without anybody having to wait for it. */
export class QueueCounts {
  private known: Known | undefined;
  private askedMs = -Infinity;
  private asking = false;

  /** @param queue absent where there is none. */
  constructor(
    private readonly queue: Pick<QueuedCalls, 'status'> | undefined,
    private readonly clock: Clock,
  ) {}

  /** `undefined` when there is no queue, or it has not answered of late. */
  get totals(): QueueTotals | undefined {
    return this.fresh()?.totals;
  }

  /** `undefined` when nobody knows of any. */
  deadOf(functionKey: string): number | undefined {
    return this.fresh()?.dead.get(functionKey);
  }

  /** Asks again if that was long ago. Resolves when there is nothing to wait for any more; never rejects. */
  async refresh(): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    if (!this.queue || this.asking || nowMs - this.askedMs < ASK_MS) return;
    this.asking = true;
    this.askedMs = nowMs;
    this.known = await this.queue.status().then((all) => count(all, this.clock.monotonicMs()), () => undefined);
    this.asking = false;
  }

  private fresh(): Known | undefined {
    return this.known && this.clock.monotonicMs() - this.known.atMs < STALE_MS ? this.known : undefined;
  }
}

function count(all: readonly QueueStatus[], atMs: number): Known {
  const sum = (amount: (of: QueueStatus) => number) => all.reduce((total, one) => total + amount(one), 0);
  return {
    atMs,
    totals: { queued: sum(({ queued }) => queued), running: sum(({ running }) => running), dead: sum(({ dead }) => dead) },
    dead: new Map(all.filter(({ dead }) => dead > 0).map(({ functionKey, dead }) => [functionKey, dead])),
  };
}
