import type { FunctionProvider } from '../functions/function-provider';
import { functionKey, type FunctionSpec } from '../functions/function-spec';
import { parseScalingPolicy } from './scaling-policy';

/** Wakes sleeping functions: one order to the provider, however many calls ask for it. */
export class Activator {
  private readonly waking = new Map<string, Promise<void>>();

  constructor(private readonly provider: FunctionProvider) {}

  /** Resolves when the provider has taken the order, not when a replica is ready. Rejects as `scale` does. */
  wake(spec: FunctionSpec): Promise<void> {
    const key = functionKey(spec.id);
    const running = this.waking.get(key);
    if (running) return running;
    const order = this.provider
      .scale(spec.id, Math.max(1, parseScalingPolicy(spec.labels).min))
      .finally(() => this.waking.delete(key));
    this.waking.set(key, order);
    return order;
  }
}
