import { laneOf } from '@shoal/domain/queue/lane';
import type { QueuedCall } from '@shoal/domain/queue/queued-call';
import type { CallOutcomes, LiveOutcome } from './call-outcomes';
import type { DeadLetters } from './dead-letters';
import { packCall } from './frame';
import type { LaneConsumers } from './lane-consumers';
import type { Names } from './names';
import type { NatsLink } from './nats-link';

const EMPTY = new Uint8Array(0);

export interface Ended {
  readonly live: LiveOutcome;
  /** Absent where its callback has ended, or it was cancelled. */
  readonly call?: QueuedCall;
  /** Takes the message that waits from its lane. */
  readonly done: () => Promise<unknown>;
}

/** What follows when a call's live entry says that it has ended. */
export class CallEndings {
  constructor(
    private readonly link: NatsLink,
    private readonly names: Names,
    private readonly parts: { readonly outcomes: CallOutcomes; readonly letters: DeadLetters; readonly consumers: LaneConsumers },
  ) {}

  /**
   * The order makes up for a process that dies in between: the outcome is stored for good, then the callback, and only then
   * the message that brought us here goes. Until then it is delivered again, its taker sees that the call has ended, and
   * does all of this once more, which changes nothing where it was done. The live entry stays until the callback is sent.
   */
  async finish({ live, call, done }: Ended): Promise<void> {
    const { outcomes, letters } = this.parts;
    const { state, callback } = live.record;
    const toBeSent = callback?.state === 'pending' && state !== 'cancelled' && call !== undefined;
    if (state === 'failed') await letters.keep(live, call);
    else if (!toBeSent) await outcomes.keepEnded(live);
    if (toBeSent) await this.offerCallback(call);
    await Promise.all([done(), toBeSent ? undefined : outcomes.forget(live)]);
  }

  /** Of a call whose end is stored already. */
  async forgetEnded(live: LiveOutcome, done: Ended['done']): Promise<void> {
    await Promise.all([done(), this.parts.outcomes.forget(live)]);
  }

  private async offerCallback(call: QueuedCall): Promise<void> {
    const lane = laneOf('callback', call.functionKey);
    await this.parts.consumers.ensure(lane);
    // It is there already when this was done before. One of an earlier life of the call does as well.
    await this.link.publish(this.names.inLane(lane, call.id), packCall({ call: { ...call, body: EMPTY } }), { expected: 0 });
  }
}
