import type { ConsumerInfo } from '@nats-io/jetstream';
import { partsOf, type Lane } from '@shoal/domain/queue/lane';
import { isEnded } from '@shoal/domain/queue/queued-call';
import type { CallOutcomes } from './call-outcomes';
import { undefinedIfNewer, unpackCall, type StoredCall } from './frame';
import type { Names } from './names';
import type { NatsLink, Stored } from './nats-link';

/** Looked at in one round, of one lane. */
const MOST = 500;

/**
 * Finds messages of calls that have ended. A server that was killed may bring back what it had removed; its consumer is past
 * that, so it is delivered to nobody, and would fill the queue.
 */
export class LeftBehind {
  /** Seen in the round before: what was only on its way then has moved on by now. */
  private suspects = new Set<string>();

  constructor(
    private readonly link: NatsLink,
    private readonly names: Names,
    private readonly outcomes: CallOutcomes,
  ) {}

  /** Removes those that the round before saw too. What has not ended, as far as anybody knows, is not touched. */
  async sweep(infos: ReadonlyMap<Lane, ConsumerInfo>): Promise<void> {
    const lanes = [...infos].filter(([lane]) => partsOf(lane).kind === 'call');
    const counted = lanes.reduce((sum, [, info]) => sum + info.num_pending + info.num_ack_pending, 0);
    const { messages } = (await this.link.streamInfo(this.names.calls)).state;
    const seen = new Set<string>();
    if (messages !== counted) for (const [lane, info] of lanes) await this.sweepLane(lane, info.delivered.stream_seq, seen);
    this.suspects = seen;
  }

  private async sweepLane(lane: Lane, delivered: number, seen: Set<string>): Promise<void> {
    let last = 0;
    for (let count = 0; count < MOST; count++) {
      const message = await this.link.next(this.names.calls, last + 1, this.names.inLane(lane));
      if (!message || message.sequence > delivered) return;
      last = message.sequence;
      const mark = `${lane} ${last}`;
      if (this.suspects.has(mark)) await this.removeIfOver(message).catch(undefinedIfNewer);
      else seen.add(mark);
    }
  }

  private async removeIfOver({ sequence, data }: Stored): Promise<void> {
    const read = tryUnpack(data);
    if (!read) return; // Whoever takes it removes it.
    const { call, again } = read;
    const live = await this.outcomes.live(call.id);
    // Its callback may be on its way.
    if ((live && isEnded(live.record)) || !(await this.outcomes.isOver(call, again?.letter))) return;
    if (live) await this.outcomes.forget(live);
    await this.link.remove(this.names.calls, sequence);
  }
}

function tryUnpack(frame: Uint8Array): StoredCall | undefined {
  try {
    return unpackCall(frame);
  } catch {
    return undefined;
  }
}
