import { Durations, exportMetric, type Labels } from '@shoal/adapters/prometheus/durations';
import type { Exchange } from '@shoal/adapters/http/exchange';
import type { RestartReason } from '@shoal/domain/processes/keep-running';
import type { MemoryWatch } from '@shoal/domain/processes/out-of-memory';

/** A caller can invent methods; the numbers of those are one series. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** The status of a call whose caller left before there was one. */
const CALLER_LEFT = 499;

/**
 * The metrics of wire contract §4.3, and how the function's processes fared. Counts in plain numbers; the Prometheus library
 * is loaded when somebody scrapes, which keeps it out of the start.
 */
export class CallMetrics {
  private inFlight = 0;
  private readonly durations = new Map<string, { readonly labels: Labels; readonly durations: Durations }>();
  private readonly restarts = new Map<RestartReason, number>();

  constructor(private readonly memory: MemoryWatch) {}

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

  /** A process that is kept running is started again. */
  restarting(reason: RestartReason): void {
    this.restarts.set(reason, (this.restarts.get(reason) ?? 0) + 1);
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
    exportMetric(registry, 'function_restarts_total', "Starts of the function's server after the first, by what made them necessary.", 'counter', () =>
      [...this.restarts].map(([reason, value]) => ({ labels: { reason }, value })),
    );
    const killed = this.memory.killed();
    if (killed !== undefined) {
      const name = 'function_out_of_memory_kills_total';
      exportMetric(registry, name, 'Processes that the system killed because memory ran out.', 'counter', () => [{ labels: {}, value: killed }]);
    }
    return { contentType: registry.contentType, text: await registry.metrics() };
  }
}
