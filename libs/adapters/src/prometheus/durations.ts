import type { Metric, Registry } from 'prom-client';

/** Upper bounds of duration histograms, in seconds (wire contract §4.1, §4.3). */
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

export type Labels = Readonly<Record<string, string | number>>;

export interface Value {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

/** Durations, counted in plain numbers: adding one is cheap enough for the way of a call. */
export class Durations {
  count = 0;
  private seconds = 0;
  /** How many fell into each bucket, not added up; the last is for longer ones. */
  private readonly buckets = new Array<number>(BUCKETS_SECONDS.length + 1).fill(0);

  add(durationMs: number): void {
    const seconds = durationMs / 1_000;
    this.count++;
    this.seconds += seconds;
    let bucket = 0;
    while (bucket < BUCKETS_SECONDS.length && seconds > BUCKETS_SECONDS[bucket]!) bucket++;
    this.buckets[bucket]!++;
  }

  merge(other: Durations): void {
    this.count += other.count;
    this.seconds += other.seconds;
    other.buckets.forEach((count, i) => (this.buckets[i]! += count));
  }

  /** The series of a Prometheus histogram of that name. */
  values(name: string, labels: Labels): Value[] {
    let upTo = 0;
    const buckets = this.buckets.map((count, i): Value => {
      upTo += count;
      return { metricName: `${name}_bucket`, labels: { le: BUCKETS_SECONDS[i] ?? '+Inf', ...labels }, value: upTo };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.seconds },
      { metricName: `${name}_count`, labels, value: this.count },
    ];
  }
}

/** A metric whose values are worked out when it is scraped; the library has no public type for one. */
export function exportMetric(registry: Registry, name: string, help: string, type: 'counter' | 'gauge' | 'histogram', values: () => Value[] | Promise<Value[]>): void {
  const metric = { name, get: async () => ({ name, help, type, aggregator: 'sum', values: await values() }) };
  registry.registerMetric(metric as unknown as Metric);
}
