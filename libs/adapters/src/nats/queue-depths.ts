import type { ConsumerInfo } from '@nats-io/jetstream';
import type { QueueDepth } from '@shoal/domain/queue/invocation-queue';
import { laneOf, partsOf, type Lane } from '@shoal/domain/queue/lane';
import type { DeadLetters } from './dead-letters';
import { unpackCall } from './frame';
import type { LaneConsumers } from './lane-consumers';
import type { Names } from './names';
import type { NatsLink } from './nats-link';

/** Counts what waits, from what the server counts for its consumers. */
export class QueueDepths {
  /** Of each lane, the first message that was not delivered, when this was last asked. */
  private oldest = new Map<Lane, { readonly sequence: number; readonly acceptedMs: number }>();

  constructor(
    private readonly link: NatsLink,
    private readonly names: Names,
    private readonly consumers: LaneConsumers,
    private readonly letters: DeadLetters,
  ) {}

  async read(): Promise<readonly QueueDepth[]> {
    const [infos, dead] = await Promise.all([this.consumers.infos(), this.letters.counts()]);
    const keys = new Set([...[...infos.keys()].map((lane) => partsOf(lane).functionKey), ...dead.keys()]);
    this.oldest = new Map([...this.oldest].filter(([lane]) => infos.has(lane)));
    const depths = await Promise.all([...keys].sort().map((functionKey) => this.depthOf(functionKey, infos, dead.get(functionKey) ?? 0)));
    return depths.filter(({ queued, unfinished, callbacks, dead }) => queued + unfinished + callbacks + dead > 0);
  }

  private async depthOf(functionKey: string, infos: ReadonlyMap<Lane, ConsumerInfo>, dead: number): Promise<QueueDepth> {
    const lane = laneOf('call', functionKey);
    const calls = infos.get(lane);
    const callbacks = infos.get(laneOf('callback', functionKey));
    const oldestMs = calls && calls.num_pending > 0 ? await this.oldestOf(lane, calls.delivered.stream_seq) : undefined;
    return {
      functionKey,
      queued: calls?.num_pending ?? 0,
      unfinished: calls?.num_ack_pending ?? 0,
      callbacks: (callbacks?.num_pending ?? 0) + (callbacks?.num_ack_pending ?? 0),
      dead,
      ...(oldestMs === undefined ? {} : { oldestMs }),
    };
  }

  private async oldestOf(lane: Lane, delivered: number): Promise<number | undefined> {
    const known = this.oldest.get(lane);
    if (known && known.sequence > delivered) return known.acceptedMs;
    const message = await this.link.next(this.names.calls, delivered + 1, this.names.inLane(lane));
    if (!message) return undefined;
    const acceptedMs = acceptedMsOf(message.data);
    if (acceptedMs === undefined) return undefined;
    this.oldest.set(lane, { sequence: message.sequence, acceptedMs });
    return acceptedMs;
  }
}

/** `undefined` of what is none of ours: whoever takes it removes it. */
function acceptedMsOf(frame: Uint8Array): number | undefined {
  try {
    return unpackCall(frame).call.acceptedMs;
  } catch {
    return undefined;
  }
}
