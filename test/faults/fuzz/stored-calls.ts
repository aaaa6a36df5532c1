import { LmdbInvocationQueue } from '@shoal/adapters/lmdb/lmdb-invocation-queue';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import { laneOf } from '@shoal/domain/queue/lane';
import type { QueuedCall } from '@shoal/domain/queue/queued-call';
import { parseRetryPolicy } from '@shoal/domain/queue/retry-policy';

export const FUNCTION = 'fn.openfaas-fn';
export const CALLS = 240;
export const SETTINGS = { maxBodyBytes: 64 * 1024, maxCalls: 10_000, keepEndedMs: 3_600_000, keepDeadMs: 3_600_000 };

/** Of some calls larger than a page. */
export function bodyOf(id: string): Buffer {
  const length = id.endsWith('7') ? 9_000 : id.length * 20;
  return Buffer.alloc(length, id);
}

export function stored(id: string): QueuedCall {
  const callbackUrl = id.endsWith('3') ? { callbackUrl: 'http://there.invalid/' } : {};
  return { id, idChosen: false, functionKey: FUNCTION, method: 'POST', rest: '/', headers: ['X-A', 'b'], body: bodyOf(id), acceptedMs: Date.now(), retry: parseRetryPolicy({}), concurrency: 5, ...callbackUrl };
}

/** Makes a queue with calls at every place that there is, with pages that are free again. */
export async function storeCalls(folder: string): Promise<void> {
  const clock = new SystemClock();
  const queue = await LmdbInvocationQueue.open({ ...SETTINGS, folder, clock, warn: () => undefined });
  for (let i = 0; i < CALLS; i++) await queue.publish(stored(`c${i}`));
  const claims = await queue.take(laneOf('call', FUNCTION), CALLS / 2);
  for (const [i, claim] of claims.entries()) {
    const record = { ...claim.record, endedMs: clock.nowMs() };
    if (i % 5 === 0) continue; // Running, when the process ends.
    if (i % 5 === 1) await queue.settle(claim, { kind: 'retry', record: { ...claim.record, state: 'retrying', nextAttemptMs: clock.nowMs() + 600_000 } });
    else if (i % 5 === 2) await queue.settle(claim, { kind: 'end', record: { ...record, state: 'failed' } });
    else await queue.settle(claim, { kind: 'end', record: { ...record, state: 'succeeded' }, answer: { status: 200, headers: ['X-B', 'c'], body: bodyOf(claim.call.id) } });
  }
  await queue.setScheduleProgress(FUNCTION, { schedule: '* * * * *', handledMs: clock.nowMs() });
  await queue.close();
}
