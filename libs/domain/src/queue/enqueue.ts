import { functionKey, type FunctionId, type FunctionSpec } from '../functions/function-spec';
import type { ReplicaDirectory } from '../invocation/replica-directory';
import { ShoalError } from '../shared/errors';
import type { InvocationQueue } from './invocation-queue';
import type { QueuedCall } from './queued-call';
import type { QueueObserver } from './queue-observer';
import { parseConcurrency, parseRetryPolicy } from './retry-policy';

/** Makes call ids that nobody can guess. */
export interface CallIds {
  fresh(): string;
  /** The same for the same text, and for no other. */
  derived(text: string): string;
}

/** A call that somebody wants to be run later. */
export interface AsyncRequest extends Pick<QueuedCall, 'method' | 'rest' | 'headers' | 'body' | 'callbackUrl' | 'acceptedMs'> {
  readonly functionId: FunctionId;
  /** The caller's own id. */
  readonly chosenId?: string;
  /** Two requests to a function with the same key are one call. */
  readonly idempotencyKey?: string;
}

export interface EnqueueOptions {
  readonly queue: InvocationQueue;
  readonly directory: ReplicaDirectory;
  readonly ids: CallIds;
  readonly observer: QueueObserver;
  /** Why an outcome cannot be sent there; `undefined` when it can. */
  readonly callbackProblem: (url: string) => string | undefined;
}

/** Accepts calls that run later. */
export class Enqueue {
  constructor(private readonly options: EnqueueOptions) {}

  /** What can be known before the body has come. Rejects with `function-not-found`, and `invalid-request` for a callback that cannot be. */
  require({ functionId, callbackUrl }: Pick<AsyncRequest, 'functionId' | 'callbackUrl'>): FunctionSpec {
    const key = functionKey(functionId);
    const entry = this.options.directory.find(key);
    if (!entry) throw new ShoalError('function-not-found', `function ${key} does not exist`);
    const problem = callbackUrl === undefined ? undefined : this.options.callbackProblem(callbackUrl);
    if (problem !== undefined) throw new ShoalError('invalid-request', `X-Callback-Url ${problem}`);
    return entry.state.spec;
  }

  /**
   * Resolves with the call's id once it is durably stored. A caller's own id is kept, unless another call has it: an id
   * that goes along a chain of calls names several.
   *
   * Rejects as `require` and `InvocationQueue.publish` do.
   */
  async enqueue(request: AsyncRequest): Promise<{ readonly id: string; readonly repeated: boolean }> {
    const { queue, ids, observer } = this.options;
    const { functionId, chosenId, idempotencyKey, ...rest } = request;
    const { annotations } = this.require(request);
    const key = functionKey(functionId);
    const call = { ...rest, functionKey: key, retry: parseRetryPolicy(annotations), concurrency: parseConcurrency(annotations) };
    const accepted = (id: string, repeated: boolean) => {
      if (!repeated) observer.observed(key, 'accepted');
      return { id, repeated };
    };
    if (idempotencyKey !== undefined) {
      const id = ids.derived(`${key}\n${idempotencyKey}`);
      return accepted(id, (await queue.publish({ ...call, id, idChosen: false })) === 'known');
    }
    if (chosenId !== undefined && (await queue.publish({ ...call, id: chosenId, idChosen: true })) === 'stored') return accepted(chosenId, false);
    const id = ids.fresh();
    await queue.publish({ ...call, id, idChosen: false });
    return accepted(id, false);
  }
}
