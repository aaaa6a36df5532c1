import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Names } from './names';
import type { NatsLink } from './nats-link';

/** For so long the server knows by itself that an id is a repetition: two at the same moment, that is. */
const DUPLICATES_MS = 120_000;

/** Durations end at 2^31 ms. */
const LIVE_MS = 30 * 24 * 3_600_000;

export interface Keeping {
  readonly maxCalls: number;
  readonly keepEndedMs: number;
  readonly keepDeadMs: number;
}

/** Creates what is not there yet. Several processes may do so at once. */
export async function openStreams(link: NatsLink, names: Names, { maxCalls, keepEndedMs, keepDeadMs }: Keeping): Promise<void> {
  const { prefix } = names;
  const common = { storage: StorageType.File, allow_direct: true, num_replicas: 1 };
  const duplicates = (mostMs: number) => ({ duplicate_window: nanos(Math.min(DUPLICATES_MS, mostMs)) });
  const lane = (name: string, kind: string, limits: Partial<StreamConfig>) =>
    link.ensureStream({
      ...common,
      name,
      subjects: [`${prefix}.${kind}s.*.*.*`],
      retention: RetentionPolicy.Workqueue,
      discard: DiscardPolicy.New,
      // Whoever watches is told by the server: of every message that is stored, and of no other.
      republish: { src: `${prefix}.${kind}s.*.*.*`, dest: `${names.ready}.${kind}.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}`, headers_only: true },
      ...limits,
    });
  await Promise.all([
    lane(names.calls, 'call', { max_msgs: maxCalls, ...duplicates(keepEndedMs) }),
    // Without a limit of its own: each was a call before, and a call that has ended must not wait for room.
    lane(names.callbacks, 'callback', duplicates(keepEndedMs)),
    link.ensureStream({
      ...common,
      name: names.live,
      subjects: [`${prefix}.live.*`],
      max_msgs_per_subject: 1,
      // Longer than any deadline: what is so old was brought back by a server that had been killed.
      max_age: nanos(LIVE_MS),
      republish: { src: `${prefix}.live.*`, dest: `${prefix}.changed.{{wildcard(1)}}` },
    }),
    link.ensureStream({ ...common, name: names.ended, subjects: [`${prefix}.ended.*`], max_msgs_per_subject: 1, max_age: nanos(keepEndedMs), ...duplicates(keepEndedMs) }),
    link.ensureStream({ ...common, name: names.dead, subjects: [`${prefix}.dead.*.*.*`, `${prefix}.dead-calls.*`], max_msgs_per_subject: 1, max_age: nanos(keepDeadMs), ...duplicates(keepDeadMs) }),
    link.ensureStream({ ...common, name: names.meta, subjects: [`${prefix}.meta.>`], max_msgs_per_subject: 1 }),
  ]);
}
