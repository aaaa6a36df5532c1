import { functionKey, type FunctionId } from '@shoal/domain/functions/function-spec';
import type { Autoscaler, ScalingRecord } from '@shoal/domain/scaling/autoscaler';
import { messageOf } from '@shoal/domain/shared/errors';

/** An overload is answered within three of these. */
const TICK_MS = 1_000;

/** Lets the autoscaler look at everything once a second. */
export class ScalingLoop {
  private problem: string | undefined;

  constructor(private readonly autoscaler: Autoscaler) {}

  start(): void {
    setInterval(() => void this.tick(), TICK_MS).unref();
  }

  /** Said once: what cannot be measured now cannot be in a second either. */
  private async tick(): Promise<void> {
    const problem = await this.autoscaler.tick().then(() => undefined, messageOf);
    if (problem === this.problem) return;
    this.problem = problem;
    console.warn(problem === undefined ? 'scaling goes on' : `nothing scales: ${problem}`);
  }
}

/** One line a change. */
export function logScaling(id: FunctionId, { from, to, because, error }: ScalingRecord): void {
  const failed = error === undefined ? '' : `, but cannot be: ${error}`;
  console.log(`scaling ${functionKey(id)} from ${from} to ${to}: ${because}${failed}`);
}
