import { labelsText, series, type Metric } from '@shoal/adapters/prometheus/exposition';
import type { WorkerFacts, WorkerPool } from './worker-pool';

/** What Prometheus is told of the data-plane workers; `process_*` and `nodejs_*` are the main process's own. */
export function workerMetrics(pool: Pick<WorkerPool, 'facts' | 'restarts'>): readonly Metric[] {
  const ofEach = (name: string, help: string, type: Metric['type'], read: (facts: WorkerFacts) => number): Metric => ({
    name,
    help,
    type,
    lines: () => pool.facts().map((facts) => series(name, labelsText({ worker: String(facts.number) }), read(facts))),
  });
  return [
    ofEach('shoal_worker_up', 'Whether a data-plane worker takes connections.', 'gauge', ({ up }) => (up ? 1 : 0)),
    ofEach('shoal_worker_resident_memory_bytes', 'Memory of a data-plane worker.', 'gauge', ({ residentBytes }) => residentBytes),
    ofEach('shoal_worker_cpu_seconds_total', 'CPU time of a data-plane worker and those before in its place.', 'counter', ({ cpuSeconds }) => cpuSeconds),
    {
      name: 'shoal_workers_restarted_total',
      help: 'Data-plane workers that took the place of one that had ended.',
      type: 'counter',
      lines: () => [series('shoal_workers_restarted_total', '', pool.restarts)],
    },
  ];
}
