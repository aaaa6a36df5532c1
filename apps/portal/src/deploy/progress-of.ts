import { conditionOf } from '@shoal/domain/functions/function-condition';
import type { FunctionStatus } from '../api/function-status';
import { plural } from '../ui/words';

export type StepState = 'done' | 'doing' | 'waiting' | 'wrong';

/** How far a deployment is, in words. */
export interface Progress {
  readonly title: string;
  readonly steps: readonly { readonly state: StepState; readonly text: string }[];
  /** Why it does not get on, in the provider's words. */
  readonly stuck?: string;
  /** What that means for those who call. */
  readonly meanwhile?: string;
  /** `undefined` while it goes on. */
  readonly outcome?: 'good' | 'bad' | 'gone';
}

export interface ProgressOptions {
  readonly name: string;
  /** Whether there was a version before. */
  readonly updates: boolean;
  /** Whether it was there and is not any more. */
  readonly gone?: boolean;
}

/** How far it is that a function was accepted. Pure. @param fn as the gateway tells it; `undefined` while it knows nothing yet. */
export function progressOf(fn: FunctionStatus | undefined, { name, updates, gone = false }: ProgressOptions): Progress {
  const accepted = { state: 'done', text: 'accepted' } as const;
  if (gone) return { title: `${name} was deleted`, steps: [accepted, { state: 'wrong', text: 'deleted meanwhile, here or elsewhere' }], outcome: 'gone' };
  const going = updates ? `Updating ${name}…` : `Deploying ${name}…`;
  if (!fn) return { title: going, steps: [accepted, { state: 'doing', text: 'replicas start' }, { state: 'waiting', text: 'ready for calls' }] };

  const { replicas, availableReplicas, updating = false } = fn;
  const { state, because } = conditionOf({ ...fn, updating, ready: { length: availableReplicas } });
  const started = `${availableReplicas} of ${plural(replicas, 'replica')} started`;
  if (updates && !updating && fn.rolledBackBecause !== undefined) {
    return {
      title: `${name} was not updated`,
      steps: [accepted, { state: 'wrong', text: 'the new version was taken back' }, { state: 'waiting', text: 'ready for calls' }],
      stuck: fn.rolledBackBecause,
      meanwhile: 'The version before serves on.',
      outcome: 'bad',
    };
  }
  if (state === 'asleep') return { title: `${name} is deployed`, steps: [accepted, { state: 'done', text: 'no replica to start' }, { state: 'done', text: 'asleep until the first call' }], outcome: 'good' };

  const serves = state === 'ready' || (!updating && availableReplicas > 0);
  const all = state === 'ready' && availableReplicas >= replicas;
  const stuck = state === 'failing' || state === 'updating' ? because : undefined;
  const servesOn = updating && availableReplicas > 0;
  return {
    title: all ? `${name} is ready` : stuck === undefined ? going : `${name} does not get on`,
    steps: [
      accepted,
      { state: all ? 'done' : stuck === undefined ? 'doing' : 'wrong', text: servesOn ? 'the new version starts; the one before serves on meanwhile' : started },
      { state: serves ? 'done' : 'waiting', text: 'ready for calls' },
    ],
    ...(stuck === undefined ? {} : { stuck, meanwhile: servesOn ? 'The version before serves on.' : 'It is tried again until it works, is changed, or is deleted.' }),
    ...(all ? { outcome: 'good' } : {}),
  };
}
