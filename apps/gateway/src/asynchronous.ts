import { createHmac, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { callbackUrlProblem } from '@shoal/adapters/http/callback-rules';
import { HttpCallbackSender } from '@shoal/adapters/http/http-callback-sender';
import { QueueMetrics } from '@shoal/adapters/prometheus/queue-metrics';
import type { ReplicaDirectory } from '@shoal/domain/invocation/replica-directory';
import { Enqueue, type CallIds } from '@shoal/domain/queue/enqueue';
import type { InvocationQueue, ScheduleLog } from '@shoal/domain/queue/invocation-queue';
import type { Invoker } from '@shoal/domain/queue/invoker';
import { QueueWorker } from '@shoal/domain/queue/queue-worker';
import { QueuedCalls } from '@shoal/domain/queue/queued-calls';
import type { Cron } from '@shoal/domain/queue/schedule';
import { Scheduler } from '@shoal/domain/queue/scheduler';
import type { Clock } from '@shoal/domain/shared/clock';
import { messageOf } from '@shoal/domain/shared/errors';
import type { Config } from './config';
import { StartError } from './start-error';

/** Schedules have seconds at the finest. */
const SCHEDULE_TICK_MS = 500;
/** So long a queue that is not there yet is waited for. */
const OPEN_MS = 30_000;

/** `copyTo` where the queue is a file of ours: writes a copy of it as it is at this moment. */
export type Queue = InvocationQueue & ScheduleLog & { readonly copyTo?: (file: string) => Promise<void> };

/** Opens the queue that the configuration names; `undefined` when there is to be none. @throws StartError */
export async function openQueue({ queue, home }: Config, clock: Clock): Promise<Queue | undefined> {
  const { kind, natsAddress, claimMs, ...bounds } = queue;
  const warn = (text: string) => console.warn(text);
  try {
    // Each drags a library along that the other does without.
    if (kind === 'lmdb') {
      const { LmdbInvocationQueue } = await import('@shoal/adapters/lmdb/lmdb-invocation-queue');
      return await LmdbInvocationQueue.open({ folder: join(home, 'queue'), ...bounds, clock, warn });
    }
    if (kind === 'nats') {
      const { NatsInvocationQueue } = await import('@shoal/adapters/nats/nats-invocation-queue');
      return await NatsInvocationQueue.open({ servers: natsAddress, prefix: 'shoal', ...bounds, claimMs, openMs: OPEN_MS, warn });
    }
    return undefined;
  } catch (error) {
    throw new StartError(`The queue for asynchronous calls cannot be opened (${messageOf(error)}): see SHOAL_QUEUE in docs/settings.md.`);
  }
}

interface WorkerNeeds {
  readonly config: Config;
  readonly queue: Queue;
  readonly invoker: Invoker;
  readonly metrics: QueueMetrics;
  readonly clock: Clock;
}

/** What takes calls from the queue and runs them. */
export function createWorker({ config, queue, invoker, metrics, clock }: WorkerNeeds): QueueWorker {
  return new QueueWorker({
    queue,
    invoker,
    callbacks: new HttpCallbackSender(config.queue.callbacks),
    observer: metrics,
    clock,
    random: Math.random,
    concurrency: config.queue.concurrency,
    callLimitMs: config.writeTimeoutMs,
    renewMs: config.queue.claimMs / 3,
    defaultNamespace: config.functionNamespace,
    problem: (text) => (text === undefined ? console.warn('the queue works again') : console.warn(`the queue does not work: ${text}`)),
  });
}

interface AsynchronousNeeds {
  readonly config: Config;
  readonly queue: Queue;
  readonly invoker: Invoker;
  readonly directory: ReplicaDirectory;
  readonly clock: Clock;
  readonly cron: Cron;
}

export type Asynchronous = ReturnType<typeof createAsynchronous>;

/** All of a gateway that has to do with calls that run later. */
export function createAsynchronous({ config, queue, invoker, directory, clock, cron }: AsynchronousNeeds) {
  const metrics = new QueueMetrics(clock);
  const worker = config.role === 'gateway' ? undefined : createWorker({ config, queue, invoker, metrics, clock });
  const callbackProblem = (url: string) => callbackUrlProblem(config.queue.callbacks, url);
  const enqueue = new Enqueue({ queue, directory, ids: callIds(queue.secret), observer: metrics, callbackProblem });
  const scheduler = new Scheduler({
    directory,
    enqueue,
    log: queue,
    cron,
    clock,
    failed: (key, message) => console.warn(`the schedule of ${key} cannot be followed: ${message}`),
  });
  let ticking: NodeJS.Timeout | undefined;
  let draining = false;
  return {
    enqueue,
    queuedCalls: new QueuedCalls(queue, clock, worker),
    scheduler,
    maxBodyBytes: queue.maxBodyBytes,
    depths: () => queue.depths(),
    metrics: metrics.metrics(() => queue.depths()),
    /** A listener for `FunctionProvider.watch`. */
    apply: metrics.apply,
    /** Does nothing once it is draining: a signal may come before the start is over. */
    start: async () => {
      if (draining) return;
      await worker?.start();
      ticking = setInterval(() => void scheduler.tick(), SCHEDULE_TICK_MS).unref();
    },
    /** Begins nothing any more, and resolves when what runs has ended, or after `limitMs`. */
    drain: async (limitMs: number) => {
      draining = true;
      clearInterval(ticking);
      await worker?.drain(limitMs);
    },
    close: () => queue.close(),
  };
}

function callIds(secret: string): CallIds {
  return {
    fresh: () => randomUUID(),
    derived: (text) => createHmac('sha256', secret).update(text).digest('hex').slice(0, 32),
  };
}
