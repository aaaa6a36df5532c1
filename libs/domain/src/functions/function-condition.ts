import type { FunctionState } from './function-provider';

/** In one word, how a function is. */
export type Condition = 'ready' | 'starting' | 'updating' | 'asleep' | 'failing';

export const CONDITIONS = ['ready', 'starting', 'updating', 'asleep', 'failing'] as const satisfies readonly Condition[];

/** What of a state decides its condition. */
type Facts = Pick<FunctionState, 'replicas' | 'updating' | 'notReadyBecause' | 'rolledBackBecause'> & { readonly ready: { readonly length: number } };

/**
 * How a function is, and why, in the backend's words, where it is not as it ought to be.
 *
 * * `asleep`: none are asked for.
 * * `failing`: fewer than asked for can take calls, and the backend knows why.
 * * `updating`: a new version is taking the place of the one before; `because` says what holds it up.
 * * `starting`: none can take calls yet, and nothing is wrong.
 * * `ready`: at least one can, and more may be starting.
 *
 * One that sleeps or is ready tells why its last update was taken back.
 */
export function conditionOf({ replicas, ready, updating, notReadyBecause, rolledBackBecause }: Facts): { readonly state: Condition; readonly because?: string } {
  const say = (state: Condition, because: string | undefined) => ({ state, ...(because === undefined ? {} : { because }) });
  if (replicas === 0) return say('asleep', rolledBackBecause);
  const short = ready.length < replicas;
  if (short && notReadyBecause !== undefined) return say('failing', notReadyBecause);
  if (updating) return say('updating', notReadyBecause);
  return say(ready.length === 0 ? 'starting' : 'ready', rolledBackBecause);
}
