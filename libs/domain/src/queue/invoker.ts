import type { Call } from '../invocation/calls';
import type { QueuedCall, StoredAnswer } from './queued-call';
import type { Attempt } from './retry-policy';

/** What one run of a stored call came to, and how long it waited for a replica with room. */
export interface Invocation {
  readonly attempt: Attempt;
  readonly waitedMs: number;
}

export interface InvocationOptions {
  /** Its limit is the run's; cancelling it breaks the run off. */
  readonly call: Call;
  /** How often the call was begun before. */
  readonly repeats: number;
  /** A longer body of an answer is read to its end, but not kept. */
  readonly maxAnswerBytes: number;
}

/** Runs stored calls, in the same way as those whose callers wait. Never rejects: whatever happens is an outcome. */
export interface Invoker {
  invoke(queued: QueuedCall, options: InvocationOptions): Promise<Invocation>;
}

/** An outcome on its way to whoever asked to be told. */
export interface Callback {
  readonly url: string;
  /** Flat. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/** Posts outcomes. Resolves with the head of the receiver's answer; rejects when there is none, with `forbidden` when it must not be called. */
export interface CallbackSender {
  send(callback: Callback): Promise<StoredAnswer>;
}
