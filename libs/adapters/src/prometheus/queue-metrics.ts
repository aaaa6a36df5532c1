import type { QueueDepth } from '@shoal/domain/queue/invocation-queue';
import type { QueueEvent, QueueObserver } from '@shoal/domain/queue/queue-observer';
import type { Registry } from 'prom-client';
import { exportMetric, type Value } from './durations';

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

/** What is asked for within this is asked for by one scrape. */
const SCRAPE_MS = 100;

/** Counts what happens to queued calls. */
export class QueueMetrics implements QueueObserver {
  private readonly counts = new Map<string, Partial<Record<QueueEvent, number>>>();

  observed(functionKey: string, event: QueueEvent): void {
    let counts = this.counts.get(functionKey);
    if (!counts) this.counts.set(functionKey, (counts = {}));
    counts[event] = (counts[event] ?? 0) + 1;
  }

  /** @param depths asked at each scrape; where it rejects, the depths are left out. */
  register(registry: Registry, depths: () => Promise<readonly QueueDepth[]>, nowMs: () => number): void {
    for (const { name, help, events } of COUNTERS) exportMetric(registry, name, help, 'counter', () => this.valuesOf(events));
    let asked: Promise<readonly QueueDepth[]> | undefined;
    // All gauges of one scrape share one answer.
    const known = () => {
      if (asked) return asked;
      setTimeout(() => (asked = undefined), SCRAPE_MS).unref();
      return (asked = depths().catch(() => []));
    };
    const gauge = (name: string, help: string, read: (depth: QueueDepth) => number) =>
      exportMetric(registry, name, help, 'gauge', async () => (await known()).map((depth): Value => ({ labels: { function_name: depth.functionKey }, value: read(depth) })));
    gauge('shoal_async_queued', 'Asynchronous calls that wait for their first attempt.', ({ queued }) => queued);
    gauge('shoal_async_unfinished', 'Asynchronous calls that were begun and have not ended.', ({ unfinished }) => unfinished);
    gauge('shoal_async_dead', 'Asynchronous calls that failed for good.', ({ dead }) => dead);
    gauge('shoal_async_callbacks_pending', 'Outcomes that have yet to reach their receivers.', ({ callbacks }) => callbacks);
    gauge('shoal_async_oldest_seconds', 'How long the call that waits longest has waited.', ({ oldestMs }) => (oldestMs === undefined ? 0 : Math.max(0, nowMs() - oldestMs) / 1_000));
  }

  private valuesOf(events: Partial<Record<QueueEvent, string>>): Value[] {
    return [...this.counts].flatMap(([key, counts]) =>
      (Object.entries(events) as [QueueEvent, string][]).flatMap(([event, result]) => {
        const value = counts[event];
        return value === undefined ? [] : [{ labels: { function_name: key, ...(result === '' ? {} : { result }) }, value }];
      }),
    );
  }
}
