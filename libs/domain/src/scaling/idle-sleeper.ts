import type { FunctionProvider } from '../functions/function-provider';
import type { FunctionEntry, ReplicaDirectory } from '../invocation/replica-directory';
import type { Clock } from '../shared/clock';
import { parseScalingPolicy } from './scaling-policy';

/** Puts functions to sleep that nobody has called for the time that their labels say. */
export class IdleSleeper {
  private readonly activity = new Map<string, { running: number; lastMs: number }>();

  constructor(
    private readonly provider: FunctionProvider,
    private readonly directory: ReplicaDirectory,
    private readonly clock: Clock,
  ) {}

  started(functionKey: string): void {
    const activity = this.of(functionKey);
    activity.running++;
    activity.lastMs = this.clock.monotonicMs();
  }

  ended(functionKey: string): void {
    const activity = this.of(functionKey);
    activity.running--;
    activity.lastMs = this.clock.monotonicMs();
  }

  /** Looks at every function once. A function that was never called counts from when it was first looked at. */
  async tick(): Promise<void> {
    const idle = [...this.directory.all()].filter((entry) => this.isIdle(entry));
    // One that is gone or cannot be scaled now is met again at the next tick, or not.
    await Promise.allSettled(idle.map(({ id }) => this.provider.scale(id, 0)));
    for (const key of this.activity.keys()) if (!this.directory.find(key)) this.activity.delete(key);
  }

  private isIdle({ key, state }: FunctionEntry): boolean {
    if (state.replicas === 0) return false;
    const { running, lastMs } = this.of(key);
    const { zero, zeroAfterMs } = parseScalingPolicy(state.spec.labels);
    return zero && running === 0 && this.clock.monotonicMs() - lastMs >= zeroAfterMs;
  }

  private of(functionKey: string): { running: number; lastMs: number } {
    let activity = this.activity.get(functionKey);
    if (!activity) this.activity.set(functionKey, (activity = { running: 0, lastMs: this.clock.monotonicMs() }));
    return activity;
  }
}
