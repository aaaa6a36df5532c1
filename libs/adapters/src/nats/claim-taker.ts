import type { Claim } from '@shoal/domain/queue/invocation-queue';
import { partsOf, type Lane } from '@shoal/domain/queue/lane';
import { isEnded, newRecord, takenRecord, type CallRecord } from '@shoal/domain/queue/queued-call';
import { messageOf } from '@shoal/domain/shared/errors';
import type { CallEndings } from './call-endings';
import type { CallOutcomes, LiveOutcome } from './call-outcomes';
import type { DeadLetters } from './dead-letters';
import { NewerFrame, unpackCall, type StoredCall } from './frame';
import type { Delivered, LaneConsumers } from './lane-consumers';
import type { SteadyClock } from './steady-clock';

/** The server's clock and ours need not agree to the millisecond. */
const EARLY_MS = 20;

/** A claim, and what it takes to settle it. */
export interface Held {
  readonly claim: Claim;
  readonly message: Delivered;
  /** Of the live entry as the claim was written; whoever has changed it since has taken the claim away. */
  readonly revision: number;
}

export interface ClaimTakerParts {
  readonly outcomes: CallOutcomes;
  readonly letters: DeadLetters;
  readonly consumers: LaneConsumers;
  readonly endings: CallEndings;
  readonly clock: SteadyClock;
  /** Until what only a newer version can read is offered again. */
  readonly newerMs: number;
  /** Told of what came too early. */
  readonly alarm: (lane: Lane, atMs: number) => void;
  readonly warn: (text: string) => void;
}

/** Makes claims of messages: or finds that there is nothing to do, or not yet. */
export class ClaimTaker {
  private knowsOfNewer = false;

  constructor(private readonly parts: ClaimTakerParts) {}

  async claim(lane: Lane, message: Delivered): Promise<Held | undefined> {
    try {
      return await this.claimOf(lane, message);
    } catch (error) {
      if (error instanceof NewerFrame) return this.leave(message, error);
      throw error;
    }
  }

  private async claimOf(lane: Lane, message: Delivered): Promise<Held | undefined> {
    let stored: StoredCall;
    try {
      stored = unpackCall(message.data);
      if (stored.call.functionKey !== partsOf(lane).functionKey) throw new Error(`it is a call of ${stored.call.functionKey}`);
    } catch (error) {
      if (error instanceof NewerFrame) throw error;
      // It would come again for ever, and everybody would stumble over it.
      this.parts.warn(`removed a message from ${lane} that is none of ours: ${messageOf(error)}`);
      await this.parts.consumers.done(message);
      return undefined;
    }
    return partsOf(lane).kind === 'call' ? this.claimCall(lane, message, stored) : this.claimCallback(lane, message, stored);
  }

  private async claimCall(lane: Lane, message: Delivered, { call, again }: StoredCall): Promise<Held | undefined> {
    const { outcomes, letters, consumers, endings } = this.parts;
    const done = () => consumers.done(message);
    // What comes for the first time has nearly always no entry yet: it is written without looking.
    let live = message.deliveries === 1 ? undefined : await outcomes.live(call.id);
    let taken: LiveOutcome | undefined;
    if (!live) {
      const begun = await outcomes.begin(takenRecord(again?.record ?? newRecord(call), Date.now()), again?.letter);
      if (begun === 'ended') return void (await done());
      taken = begun;
      live = begun ?? (await outcomes.live(call.id));
    }
    if (!live) return undefined; // It ends at this very moment.
    if (!taken) {
      if (isEnded(live.record)) return void (await endings.finish({ live, call, done }));
      if (await this.isEarly(lane, message, live.record)) return undefined;
      // A server that was killed may bring back what had been removed a moment before: message and entry.
      if (await outcomes.isOver(live.record, again?.letter)) return void (await endings.forgetEnded(live, done));
      taken = await outcomes.write(call.id, { record: takenRecord(live.record, Date.now()) }, live.revision);
    }
    if (!taken) return undefined; // Somebody else has taken or cancelled it.
    if (again) await letters.remove(call.id, again.letter); // Whoever sent it again may have died before.
    return { claim: { lane, call, record: taken.record }, message, revision: taken.revision };
  }

  private async claimCallback(lane: Lane, message: Delivered, { call }: StoredCall): Promise<Held | undefined> {
    const { outcomes, consumers, endings } = this.parts;
    const done = () => consumers.done(message);
    const live = await outcomes.live(call.id);
    // It was sent; or the call was sent again, and what it came to before is not told any more.
    if (!live || !isEnded(live.record)) return void (await done());
    const { record, answer, revision } = live;
    if (record.state === 'cancelled' || record.callback?.state !== 'pending') return void (await endings.finish({ live, done }));
    if (await this.isEarly(lane, message, record)) return undefined;
    return { claim: { lane, call, record, ...(answer ? { answer } : {}) }, message, revision };
  }

  /** For a worker that can read it, the message or what is known of its call. Said once, since it comes again and again. */
  private async leave(message: Delivered, { message: why }: NewerFrame): Promise<undefined> {
    if (!this.knowsOfNewer) this.parts.warn(`calls in the queue are left to other workers: ${why}`);
    this.knowsOfNewer = true;
    await this.parts.consumers.giveBack(message, this.parts.newerMs);
    return undefined;
  }

  /** A server that was started anew has forgotten how long it should wait. Where the clock was set back, it is believed. */
  private async isEarly(lane: Lane, message: Delivered, { nextAttemptMs = 0 }: CallRecord): Promise<boolean> {
    const waitMs = nextAttemptMs - this.parts.clock.nowMs();
    if (waitMs <= EARLY_MS) return false;
    await this.parts.consumers.giveBack(message, waitMs);
    this.parts.alarm(lane, nextAttemptMs);
    return true;
  }
}
