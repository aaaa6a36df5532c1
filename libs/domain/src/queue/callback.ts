import type { CallRecord, QueuedCall, StoredAnswer } from './queued-call';
import { nextStep, type Attempt, type Circumstances, type NextStep, type RetryPolicy } from './retry-policy';
import type { Callback } from './invoker';

const EMPTY = new Uint8Array(0);
/** Told by us; a function cannot say them. Those of framing follow from the body that is sent. */
const OURS: ReadonlySet<string> = new Set(['x-duration-seconds', 'x-function-status', 'x-function-name', 'x-call-id', 'x-retry', 'x-retry-max', 'x-shoal-error', 'content-length']);
/** Of a function's answer they would say something else of the request that takes it on. */
const NOT_PASSED_ON: ReadonlySet<string> = new Set(['host', 'authorization', 'expect', 'cookie', 'x-callback-url', 'idempotency-key']);
/** A function that was not reached counts as unavailable. */
const UNREACHED_STATUS = 503;

/** How often an outcome is offered to its receiver, if that does not take it. */
const POLICY: RetryPolicy = {
  attempts: 12,
  codes: [408, 425, 429, ...Array.from({ length: 100 }, (_, i) => 500 + i)],
  minWaitMs: 5_000,
  maxWaitMs: 5 * 60_000,
  deadlineMs: 24 * 3_600_000,
};

/** What the receiver gets (wire contract §6.5). */
export function callbackOf(call: QueuedCall, record: CallRecord, answer: StoredAnswer | undefined, defaultNamespace: string): Callback {
  const { outcome, attempts, refusals } = record;
  const headers: string[] = [];
  for (let i = 0; answer && i < answer.headers.length; i += 2) {
    const name = answer.headers[i]!.toLowerCase();
    if (!OURS.has(name) && !NOT_PASSED_ON.has(name)) headers.push(answer.headers[i]!, answer.headers[i + 1]!);
  }
  headers.push('X-Duration-Seconds', ((outcome?.durationMs ?? 0) / 1_000).toFixed(6));
  headers.push('X-Function-Status', String(answer?.status ?? UNREACHED_STATUS));
  headers.push('X-Function-Name', withoutDefault(call.functionKey, defaultNamespace), 'X-Call-Id', call.id);
  headers.push('X-Retry', String(Math.max(0, attempts - refusals - 1)), 'X-Retry-Max', String(call.retry.attempts));
  if (outcome?.code !== undefined) headers.push('X-Shoal-Error', outcome.code);
  return { url: call.callbackUrl!, headers, body: answer?.body ?? EMPTY };
}

/** What follows when the receiver answered, or could not be reached. A redirect is not followed: it is a refusal. */
export function nextCallbackStep(record: CallRecord, attempts: number, attempt: Attempt, at: Circumstances): NextStep {
  if (attempt.kind === 'answered' && attempt.answer.status >= 300 && attempt.answer.status < 400) return { kind: 'failed' };
  // However it refuses, it is not asked for ever.
  return nextStep(POLICY, { attempts, refusals: 0, acceptedMs: record.endedMs ?? record.acceptedMs }, attempt, { ...at, refusalsCount: true });
}

/** Functions of the default namespace are named without it, as their callers do. */
function withoutDefault(functionKey: string, defaultNamespace: string): string {
  const suffix = `.${defaultNamespace}`;
  return functionKey.endsWith(suffix) ? functionKey.slice(0, -suffix.length) : functionKey;
}
