import { setTimeout as pause } from 'node:timers/promises';
import { laneOf } from '@shoal/domain/queue/lane';
import { isEnded, redrivenRecord, type CallRecord, type QueuedCall } from '@shoal/domain/queue/queued-call';
import type { CallOutcomes, LiveOutcome } from './call-outcomes';
import type { DeadLetters } from './dead-letters';
import { packCall, unpackOutcome } from './frame';
import type { LaneConsumers } from './lane-consumers';
import { isId, type Names } from './names';
import type { NatsLink, Stored } from './nats-link';

/** A letter follows its call's live entry within milliseconds, unless who wrote that has died. */
const ON_ITS_WAY_MS = 1_000;
const LOOK_MS = 20;

export interface RedrivingParts {
  readonly outcomes: CallOutcomes;
  readonly letters: DeadLetters;
  readonly consumers: LaneConsumers;
}

export interface Found {
  readonly live: LiveOutcome | undefined;
  readonly letter: Stored | undefined;
}

/** What becomes of dead letters. */
export class Redriving {
  constructor(
    private readonly link: NatsLink,
    private readonly names: Names,
    private readonly parts: RedrivingParts,
  ) {}

  /**
   * The letter of a call, and its live entry of just before, so that nothing is done to a later life of it. A letter that is on
   * its way is waited for: who is told that a call has failed may ask at once.
   */
  async find(id: string): Promise<Found> {
    const { outcomes, letters } = this.parts;
    for (let waitedMs = 0; waitedMs < ON_ITS_WAY_MS && isId(id); waitedMs += LOOK_MS) {
      const live = await outcomes.live(id);
      const letter = await letters.find(id);
      if (letter || live?.record.state !== 'failed') return { live, letter };
      await pause(LOOK_MS);
    }
    return { live: undefined, letter: undefined };
  }

  /**
   * First the call is in its lane, then the letter goes: whoever dies in between leaves both, and whoever takes the call
   * removes the letter. Of several at once, one is the first with the message and one removes the letter, and that is one call.
   */
  async redrive(id: string): Promise<boolean> {
    const { outcomes, letters } = this.parts;
    const { live, letter } = await this.find(id);
    const call = letter && (await letters.callOf(id));
    if (!letter || !call) return false;
    const record = redrivenRecord(unpackOutcome(letter.data).record, Date.now());
    // It has a live entry only while its callback is on its way, which is given up.
    const replaced = live && isEnded(live.record) ? await outcomes.write(id, { record }, live.revision) : undefined;
    if (live && isEnded(live.record) && !replaced) return false;
    try {
      const isFirst = await this.offer(call, record, letter.sequence);
      return (await letters.remove(id, letter.sequence)) || isFirst;
    } catch (error) {
      if (live && replaced) await outcomes.write(id, live, replaced.revision);
      throw error;
    }
  }

  async purge(id: string): Promise<boolean> {
    const { outcomes, letters } = this.parts;
    const { live, letter } = await this.find(id);
    if (!letter) return false;
    if (live && isEnded(live.record)) await outcomes.forget(live);
    return letters.remove(id, letter.sequence);
  }

  /** Resolves with whether this has brought it there. */
  private async offer(call: QueuedCall, record: CallRecord, letter: number): Promise<boolean> {
    const lane = laneOf('call', call.functionKey);
    await this.parts.consumers.ensure(lane);
    // No id of a call has a `/`.
    const stored = await this.link.publish(this.names.inLane(lane, call.id), packCall({ call, again: { record, letter } }), { expected: 0, messageId: `${call.id}/${letter}`, mayBeRefused: true });
    return stored !== undefined && !stored.duplicate;
  }
}
