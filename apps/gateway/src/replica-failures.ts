import { Counter, type Registry } from 'prom-client';

/** Counts replicas that ended, or could not be started, without anybody having asked for it. */
export class ReplicaFailures {
  private readonly counter = new Counter({
    name: 'shoal_replica_failures_total',
    help: 'Replicas that failed, by cause: out-of-memory, ended, not-started.',
    labelNames: ['function_name', 'cause'],
    registers: [],
  });

  add(functionKey: string, cause: string): void {
    this.counter.inc({ function_name: functionKey, cause });
  }

  register(registry: Registry): void {
    registry.registerMetric(this.counter);
  }
}
