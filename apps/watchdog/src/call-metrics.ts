import { Durations } from '@shoal/adapters/prometheus/durations';
import { exposition, labelsText, series, type Metric } from '@shoal/adapters/prometheus/exposition';
import type { Exchange } from '@shoal/adapters/http/exchange';
import type { RestartReason } from '@shoal/domain/processes/keep-running';
import type { MemoryWatch } from '@shoal/domain/processes/out-of-memory';

/** A caller can invent methods; the numbers of those are one series. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** The status of a call whose caller left before there was one. */
const CALLER_LEFT = 499;

const REQUESTS = 'http_requests_total';
const SECONDS = 'http_request_duration_seconds';
const IN_FLIGHT = 'http_requests_in_flight';
const RESTARTS = 'function_restarts_total';
const KILLS = 'function_out_of_memory_kills_total';

/**
 * The metrics of wire contract §4.3, and how the function's processes fared, counted in plain numbers.
 */
export class CallMetrics {
  private inFlight = 0;
  private readonly durations = new Map<string, { readonly labels: string; readonly durations: Durations }>();
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
      const labels = labelsText({ code: status || CALLER_LEFT, method: name!.toLowerCase() });
      this.durations.set(key, (series = { labels, durations: new Durations() }));
    }
    series.durations.add(durationMs);
  }

  /** A process that is kept running is started again. */
  restarting(reason: RestartReason): void {
    this.restarts.set(reason, (this.restarts.get(reason) ?? 0) + 1);
  }

  /** In Prometheus' text format. */
  async scrape(): Promise<string> {
    const all = [...this.durations.values()];
    const killed = this.memory.killed();
    const metric = (name: string, help: string, type: Metric['type'], lines: readonly string[]): Metric => ({ name, help, type, lines: () => lines });
    const restarts = [...this.restarts].map(([reason, count]) => series(RESTARTS, labelsText({ reason }), count));
    const metrics = [
      metric(REQUESTS, 'Calls of the function.', 'counter', all.map(({ labels, durations }) => series(REQUESTS, labels, durations.count))),
      metric(SECONDS, 'Seconds that calls of the function took.', 'histogram', all.map(({ labels, durations }) => durations.lines(SECONDS, labels))),
      metric(IN_FLIGHT, 'Calls of the function that are running.', 'gauge', [series(IN_FLIGHT, '', this.inFlight)]),
      metric(RESTARTS, "Starts of the function's server after the first, by what made them necessary.", 'counter', restarts),
      ...(killed === undefined ? [] : [metric(KILLS, 'Processes that the system killed because memory ran out.', 'counter', [series(KILLS, '', killed)])]),
    ];
    let text = '';
    for await (const part of exposition(metrics)) text += part;
    return text;
  }
}
