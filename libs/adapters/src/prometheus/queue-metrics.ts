import type { FunctionChange } from '@shoal/domain/functions/function-provider';
import type { QueueDepth } from '@shoal/domain/queue/invocation-queue';
import type { QueueEvent, QueueObserver } from '@shoal/domain/queue/queue-observer';
import type { Clock } from '@shoal/domain/shared/clock';
import { ByFunction } from './by-function';
import { labelsText, series, type Metric } from './exposition';

/** Events and what they are counted as. */
const COUNTERS: readonly { readonly name: string; readonly help: string; readonly events: Partial<Record<QueueEvent, string>> }[] = [
  { name: 'shoal_async_accepted_total', help: 'Asynchronous calls that this gateway accepted.', events: { accepted: '' } },
  { name: 'shoal_async_attempts_total', help: 'Attempts that ended here, by what followed.', events: { succeeded: 'succeeded', failed: 'failed', retried: 'retried' } },
  {
    name: 'shoal_async_callbacks_total',
    help: 'Outcomes offered to their receivers, by what became of that.',
    events: { 'callback-delivered': 'delivered', 'callback-retried': 'retried', 'callback-failed': 'failed' },
  },
];

/** Of which is counted: a worker is told of calls, and not of functions that are removed. */
const MAX_FUNCTIONS = 20_000;
/** What is asked for within this is asked for by one scrape. */
const SCRAPE_MS = 100;

/** Counts what happens to queued calls. */
export class QueueMetrics implements QueueObserver {
  private readonly functions: ByFunction<Partial<Record<QueueEvent, number>>>;

  constructor(private readonly clock: Clock) {
    this.functions = new ByFunction(clock, () => ({}), MAX_FUNCTIONS);
  }

  observed(functionKey: string, event: QueueEvent): void {
    const counts = this.functions.of(functionKey);
    counts[event] = (counts[event] ?? 0) + 1;
  }

  /** A listener for `FunctionProvider.watch`, where there is one. */
  readonly apply = (change: FunctionChange): void => this.functions.apply(change);

  /** @param depths asked at each scrape; where it rejects, the depths are left out. */
  metrics(depths: () => Promise<readonly QueueDepth[]>): readonly Metric[] {
    let asked: Promise<readonly QueueDepth[]> | undefined;
    // All gauges of one scrape share one answer.
    const known = () => {
      if (asked) return asked;
      this.clock.after(SCRAPE_MS, () => (asked = undefined));
      return (asked = depths().catch(() => []));
    };
    const gauge = (name: string, help: string, read: (depth: QueueDepth) => number): Metric => {
      const line = (depth: QueueDepth) => series(name, labelsText({ function_name: depth.functionKey }), read(depth));
      return { name, help, type: 'gauge', lines: async () => (await known()).map(line) };
    };
    return [
      ...COUNTERS.map(({ name, help, events }): Metric => ({ name, help, type: 'counter', lines: () => this.countedLines(name, events) })),
      gauge('shoal_async_queued', 'Asynchronous calls that wait for their first attempt.', ({ queued }) => queued),
      gauge('shoal_async_unfinished', 'Asynchronous calls that were begun and have not ended.', ({ unfinished }) => unfinished),
      gauge('shoal_async_dead', 'Asynchronous calls that failed for good.', ({ dead }) => dead),
      gauge('shoal_async_callbacks_pending', 'Outcomes that have yet to reach their receivers.', ({ callbacks }) => callbacks),
      gauge('shoal_async_oldest_seconds', 'How long the call that waits longest has waited.', ({ oldestMs }) => (oldestMs === undefined ? 0 : Math.max(0, this.clock.nowMs() - oldestMs) / 1_000)),
    ];
  }

  private *countedLines(name: string, events: Partial<Record<QueueEvent, string>>): Iterable<string> {
    for (const [key, counts] of this.functions.entries()) {
      for (const [event, result] of Object.entries(events) as [QueueEvent, string][]) {
        const value = counts[event];
        if (value !== undefined) yield series(name, labelsText({ function_name: key, ...(result === '' ? {} : { result }) }), value);
      }
    }
  }
}
