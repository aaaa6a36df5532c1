import { Durations, exportMetric, type Labels } from '@shoal/adapters/prometheus/durations';
import type { Exchange } from '@shoal/adapters/http/exchange';

/** A caller can invent methods; the numbers of those are one series. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** The status of a call whose caller left before there was one. */
const CALLER_LEFT = 499;

/**
 * The metrics of wire contract §4.3. Counts in plain numbers; the Prometheus library is loaded when somebody scrapes, which
 * keeps it out of the start.
 */
export class CallMetrics {
  private inFlight = 0;
  private readonly durations = new Map<string, { readonly labels: Labels; readonly durations: Durations }>();

  started(): void {
    this.inFlight++;
  }

  ended({ method, status }: Exchange, durationMs: number): void {
    this.inFlight--;
    const key = `${status} ${METHODS.has(method) ? method : 'other'}`;
    let series = this.durations.get(key);
    if (!series) {
      const [, name] = key.split(' ');
      const labels = { code: status || CALLER_LEFT, method: name!.toLowerCase() };
      this.durations.set(key, (series = { labels, durations: new Durations() }));
    }
    series.durations.add(durationMs);
  }

  async scrape(): Promise<{ readonly contentType: string; readonly text: string }> {
    const { Registry } = await import('prom-client');
    const registry = new Registry();
    const all = [...this.durations.values()];
    exportMetric(registry, 'http_requests_total', 'Calls of the function.', 'counter', () =>
      all.map(({ labels, durations }) => ({ labels, value: durations.count })),
    );
    const seconds = 'http_request_duration_seconds';
    exportMetric(registry, seconds, 'Seconds that calls of the function took.', 'histogram', () =>
      all.flatMap(({ labels, durations }) => durations.values(seconds, labels)),
    );
    exportMetric(registry, 'http_requests_in_flight', 'Calls of the function that are running.', 'gauge', () => [{ labels: {}, value: this.inFlight }]);
    return { contentType: registry.contentType, text: await registry.metrics() };
  }
}
