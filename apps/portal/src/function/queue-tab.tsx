import './queue-tab.css';
import { ApiError } from '../api/api-error';
import type { QueueOfFunction } from '../api/call-status';
import { request } from '../api/client';
import type { FunctionSummary } from '../live/summary';
import { Empty } from '../ui/empty';
import { Notice } from '../ui/notice';
import { formatCount, formatMs } from '../ui/numbers';
import { useResource } from '../ui/use-resource';
import { CallLookup } from './call-lookup';
import { DeadLetters } from './dead-letters';
import { ScheduleCard } from './schedule-card';

const QUEUE_EVERY_MS = 2_000;

/** Calls that run later: what waits, what failed for good, and what the clock calls. */
export function QueueTab({ fn }: { readonly fn: FunctionSummary }) {
  const { value: queue, error, reload } = useResource(fn.key, (signal) => readQueue(fn.key, signal), QUEUE_EVERY_MS);
  if (queue === 'off') {
    return (
      <Empty title="There is no queue here">
        <p>
          This gateway was started without a queue, so it takes no asynchronous calls and follows no schedules. Its settings <code>SHOAL_QUEUE</code> or <code>faas_nats_address</code> give it one.
        </p>
      </Empty>
    );
  }
  return (
    <div class="stack">
      {error !== undefined && <Notice kind="error">The queue cannot be read: {error}.</Notice>}
      <Counts queue={queue} />
      <DeadLetters fn={fn} total={queue?.dead ?? fn.dead ?? 0} onChange={reload} />
      <div class="queue-columns">
        <CallLookup />
        <ScheduleCard fn={fn} />
      </div>
    </div>
  );
}

function Counts({ queue }: { readonly queue: QueueOfFunction | undefined }) {
  const counts: readonly (readonly [string, string | undefined])[] = [
    ['Queued', queue && formatCount(queue.queued)],
    ['Running', queue && formatCount(queue.running)],
    ['To be tried again', queue && formatCount(Math.max(0, queue.unfinished - queue.running))],
    ['Callbacks waiting', queue && formatCount(queue.callbacks)],
    ['Ended a second', queue && formatCount(queue.perSecond)],
    ['Oldest waits for', queue && (queue.oldestSeconds === undefined ? '–' : formatMs(queue.oldestSeconds * 1_000))],
  ];
  return (
    <dl class="queue-counts" aria-label="Queue of this function">
      {counts.map(([name, value]) => (
        <div key={name} class="card queue-count">
          <dt>{name}</dt>
          <dd>{value ?? '…'}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Functions of which nothing waits are not told of. */
async function readQueue(key: string, signal: AbortSignal): Promise<QueueOfFunction | 'off'> {
  try {
    const all = await request<readonly QueueOfFunction[]>('GET', 'system/queue', { signal });
    return all.find((one) => one.function === key) ?? { function: key, queued: 0, unfinished: 0, running: 0, callbacks: 0, dead: 0, perSecond: 0 };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return 'off';
    throw error;
  }
}
