import type { FunctionProvider } from '../functions/function-provider';
import { functionKey, type FunctionSpec } from '../functions/function-spec';
import type { Clock } from '../shared/clock';
import { parseScalingPolicy } from './scaling-policy';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/** Functions of which the last failure is remembered. */
const MAX_FAILURES = 1_000;

interface Failure {
  /** Another deployment of the function begins anew. */
  readonly spec: FunctionSpec;
  readonly error: unknown;
  readonly pauseMs: number;
  readonly againMs: number;
}

/**
 * Wakes sleeping functions: one order to the provider, however many calls ask for it. After an order that was refused the
 * next one waits, ever longer; whoever asks meanwhile is told at once what went wrong.
 */
export class Activator {
  private readonly waking = new Map<string, Promise<void>>();
  private readonly failures = new Map<string, Failure>();

  constructor(
    private readonly provider: FunctionProvider,
    private readonly clock: Clock,
  ) {}

  /** Resolves when the provider has taken the order, not when a replica is ready. Rejects as `scale` does. */
  wake(spec: FunctionSpec): Promise<void> {
    const key = functionKey(spec.id);
    const running = this.waking.get(key);
    if (running) return running;
    const order = this.order(key, spec).finally(() => this.waking.delete(key));
    this.waking.set(key, order);
    return order;
  }

  private async order(key: string, spec: FunctionSpec): Promise<void> {
    const known = this.failures.get(key);
    const before = known?.spec === spec ? known : undefined;
    if (before && this.clock.monotonicMs() < before.againMs) throw before.error;
    try {
      await this.provider.scale(spec.id, Math.max(1, parseScalingPolicy(spec.labels).min));
      this.failures.delete(key);
    } catch (error) {
      const pauseMs = Math.min((before?.pauseMs ?? FIRST_PAUSE_MS / 2) * 2, LONGEST_PAUSE_MS);
      this.failures.delete(key);
      this.failures.set(key, { spec, error, pauseMs, againMs: this.clock.monotonicMs() + pauseMs });
      if (this.failures.size > MAX_FAILURES) this.failures.delete(this.failures.keys().next().value as string);
      throw error;
    }
  }
}
