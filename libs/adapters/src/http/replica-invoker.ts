import type { Calls } from '@shoal/domain/invocation/calls';
import { parseFunctionName } from '@shoal/domain/invocation/route';
import type { Invocation, InvocationOptions, Invoker } from '@shoal/domain/queue/invoker';
import type { QueuedCall, StoredAnswer } from '@shoal/domain/queue/queued-call';
import { attemptOf } from '@shoal/domain/queue/retry-policy';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { Dispatcher } from 'undici';
import { collectAnswer } from './collect-answer';
import { replicaAddress, WATCHDOG_MARGIN_MS } from './replica-address';

export interface ReplicaInvokerOptions {
  readonly calls: Calls;
  readonly connections: Dispatcher;
  /** For a replica to answer. */
  readonly upstreamTimeoutMs: number;
}

/** Runs stored calls on replicas, admitted, woken for and counted like all others. */
export class ReplicaInvoker implements Invoker {
  constructor(private readonly options: ReplicaInvokerOptions) {}

  async invoke(queued: QueuedCall, options: InvocationOptions): Promise<Invocation> {
    const { calls, connections, upstreamTimeoutMs } = this.options;
    const { call } = options;
    let answer: StoredAnswer | undefined;
    const attempt = await attemptOf(async () => {
      await calls.run(parseFunctionName(queued.functionKey, '')!, call, async (replica) => {
        const limitMs = Math.max(1, Math.min(upstreamTimeoutMs, call.remainingMs()));
        call.forwarded();
        answer = await collectAnswer({
          connections,
          ...replicaAddress(replica, queued.rest),
          method: queued.method,
          headers: [...storedHeaders(queued, options.repeats), 'X-Timeout', `${Math.ceil(limitMs + WATCHDOG_MARGIN_MS)}ms`],
          body: queued.body,
          limitMs,
          timedOut: () => new ShoalError('upstream-timeout', 'the function did not answer within upstream_timeout', { layer: 'gateway', limitMs: Math.round(limitMs) }),
          maxAnswerBytes: options.maxAnswerBytes,
          onBegin: (cancel) => call.whenCancelled(cancel),
        });
        return answer.status;
      });
      return answer!;
    });
    return { attempt, waitedMs: call.queuedMs };
  }
}

/** What a stored call carries besides what its caller said (wire contract §1.5.3). */
export function storedHeaders({ headers, id, acceptedMs }: QueuedCall, repeats: number): string[] {
  const repeat = repeats > 0 ? ['X-Retry-Attempt', String(repeats)] : [];
  return [...headers, 'X-Call-Id', id, 'X-Start-Time', `${acceptedMs}000000`, ...repeat];
}
