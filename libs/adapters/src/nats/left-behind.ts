import type { ConsumerInfo } from '@nats-io/jetstream';
import { partsOf, type Lane } from '@shoal/domain/queue/lane';
import { isEnded } from '@shoal/domain/queue/queued-call';
import type { CallOutcomes } from './call-outcomes';
import { unpackCall } from './frame';
import type { Names } from './names';
import type { NatsLink, Stored } from './nats-link';

/** Looked at in one round, of one lane. */
const MOST = 500;

/**
 * Finds calls that their consumer has left behind. A server that was killed may bring back messages that were done with, and
 * may give a new message a number that its consumer has passed already: either is delivered to nobody.
 */
export class LeftBehind {
  /** Seen in the round before: what was only on its way then has moved on by now. */
  private suspects = new Set<string>();

  constructor(
    private readonly link: NatsLink,
    private readonly names: Names,
    private readonly outcomes: CallOutcomes,
  ) {}

  /** Removes those that have ended, and puts those that were never begun into their lane again, if the round before saw them too. */
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
      if (this.suspects.has(mark)) await this.mend(lane, message);
      else seen.add(mark);
    }
  }

  private async mend(lane: Lane, { sequence, data }: Stored): Promise<void> {
    const { call, again } = unpackCall(data);
    const live = await this.outcomes.live(call.id);
    const isOver = await this.outcomes.isOver(call, again?.letter);
    // It runs, waits to be tried again, or its callback is on its way.
    if (live && (!isOver || isEnded(live.record))) return;
    if (live) await this.outcomes.forget(live);
    // First it is there again, then this one goes; of several gateways one is the first.
    if (!isOver && !(await this.link.publish(this.names.inLane(lane, call.id), data, { expected: sequence, messageId: `${call.id}/left/${sequence}` }))) return;
    await this.link.remove(this.names.calls, sequence);
  }
}
