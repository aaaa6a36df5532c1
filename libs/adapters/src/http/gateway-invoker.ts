import type { Invocation, InvocationOptions, Invoker } from '@shoal/domain/queue/invoker';
import { headerOf, type QueuedCall, type StoredAnswer } from '@shoal/domain/queue/queued-call';
import { attemptOf, type Attempt } from '@shoal/domain/queue/retry-policy';
import { isErrorCode, ShoalError } from '@shoal/domain/shared/errors';
import type { Dispatcher } from 'undici';
import { collectAnswer } from './collect-answer';
import { storedHeaders } from './replica-invoker';

export interface GatewayInvokerOptions {
  /** `http://gateway:8080`. */
  readonly gatewayUrl: string;
  readonly connections: Dispatcher;
}

/** Runs stored calls through a gateway, which admits, wakes, counts and scales: for workers that are processes of their own. */
export class GatewayInvoker implements Invoker {
  constructor(private readonly options: GatewayInvokerOptions) {}

  async invoke(queued: QueuedCall, { call, repeats, maxAnswerBytes }: InvocationOptions): Promise<Invocation> {
    const { gatewayUrl, connections } = this.options;
    const attempt = await attemptOf(() =>
      collectAnswer({
        connections,
        origin: gatewayUrl,
        path: `/function/${queued.functionKey}${queued.rest}`,
        method: queued.method,
        headers: storedHeaders(queued, repeats),
        body: queued.body,
        limitMs: call.remainingMs(),
        timedOut: () => new ShoalError('upstream-timeout', 'the gateway did not answer in time', { layer: 'gateway', limitMs: call.limitMs }),
        maxAnswerBytes,
        onBegin: (cancel) => call.whenCancelled(cancel),
      }),
    );
    return attempt.kind === 'answered' ? { attempt: judge(attempt.answer), waitedMs: waitedOf(attempt.answer) } : { attempt, waitedMs: 0 };
  }
}

/** An error that the gateway made is not the function's answer; one of the watchdog's is. */
function judge(answer: StoredAnswer): Attempt {
  const code = headerOf(answer.headers, 'x-shoal-error');
  if (code === undefined || !isErrorCode(code) || headerOf(answer.headers, 'x-shoal-answered-by') !== 'gateway') return { kind: 'answered', answer };
  const seconds = Number(headerOf(answer.headers, 'retry-after'));
  return { kind: 'failed', code, message: messageIn(answer) ?? `the gateway answered ${code}`, ...(seconds > 0 ? { retryAfterSeconds: seconds } : {}) };
}

function messageIn({ body }: StoredAnswer): string | undefined {
  try {
    return (JSON.parse(Buffer.from(body ?? []).toString()) as { message?: string }).message;
  } catch {
    return undefined;
  }
}

/** The gateway's receipt says how long the call waited for room. */
function waitedOf(answer: StoredAnswer): number {
  return Number(/queue;dur=([\d.]+)/.exec(headerOf(answer.headers, 'server-timing') ?? '')?.[1] ?? 0);
}
