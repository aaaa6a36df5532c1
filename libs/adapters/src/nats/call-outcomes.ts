import type { CallRecord } from '@shoal/domain/queue/queued-call';
import { packOutcome, undefinedIfNewer, unpackOutcome, type Outcome } from './frame';
import type { Names } from './names';
import type { NatsLink, Stored } from './nats-link';
import { readOrRemove } from './read-or-remove';

/** Of a call that has been begun, as it stands. */
export interface LiveOutcome extends Outcome {
  /** Changes with each write; never comes again. */
  readonly revision: number;
  readonly frame: Uint8Array;
}

/**
 * What is known of calls that have been begun, in one entry each while anything is left to do, and one for a while after.
 *
 * The live entry decides every race: each step of a call is a write that names the revision which it follows, so of two
 * that want to go on from the same one, one does.
 */
export class CallOutcomes {
  constructor(
    private readonly link: NatsLink,
    private readonly names: Names,
    private readonly warn: (text: string) => void,
  ) {}

  async live(id: string): Promise<LiveOutcome | undefined> {
    const stored = await this.link.last(this.names.live, this.names.liveOf(id));
    const outcome = stored && (await this.read(this.names.live, stored, id));
    return outcome && { ...outcome, revision: stored.sequence, frame: stored.data };
  }

  async ended(id: string): Promise<Outcome | undefined> {
    const stored = await this.link.last(this.names.ended, this.names.endedOf(id));
    return stored && this.read(this.names.ended, stored, id);
  }

  /** Resolves with the new entry, or `undefined` when somebody has written since `revision`; 0 when there was nothing. */
  async write(id: string, outcome: Outcome, revision: number): Promise<LiveOutcome | undefined> {
    const frame = packOutcome(outcome);
    const stored = await this.link.publish(this.names.liveOf(id), frame, { expected: revision });
    return stored && { ...outcome, revision: stored.sequence, frame };
  }

  /** As `write`, by the only one who would write this: if it is there already, its answer was lost the last time. */
  async writeAgain(id: string, outcome: Outcome, revision: number): Promise<LiveOutcome | undefined> {
    const written = await this.write(id, outcome, revision);
    if (written) return written;
    const live = await this.live(id).catch(undefinedIfNewer);
    return live && Buffer.compare(live.frame, packOutcome(outcome)) === 0 ? live : undefined;
  }

  /**
   * The first write of a call. `ended` when it is over already: its live entry may have come and gone since the caller
   * looked, so this has to look once it has written.
   *
   * @param letter the dead letter that is sent again, if it is one.
   */
  async begin(record: CallRecord, letter?: number): Promise<LiveOutcome | 'ended' | undefined> {
    const written = await this.write(record.id, { record }, 0);
    if (!written) return undefined;
    try {
      if (!(await this.isOver(record, letter))) return written;
    } catch (error) {
      // Nobody would hold it.
      await this.forget(written);
      throw error;
    }
    await this.forget(written);
    return 'ended';
  }

  /** Whether the end of a call is stored, apart from that of the `letter` which is sent again. */
  async isOver({ id, functionKey }: Pick<CallRecord, 'id' | 'functionKey'>, letter?: number): Promise<boolean> {
    // What says nothing of it has not ended it.
    const [ended, dead] = await Promise.all([this.ended(id), this.link.last(this.names.dead, this.names.letterOf(functionKey, id))]);
    return ended !== undefined || (dead !== undefined && dead.sequence !== letter && (await this.read(this.names.dead, dead, id)) !== undefined);
  }

  /** Keeps it where it is forgotten after a while. Harmless when done twice. */
  async keepEnded({ record, frame }: LiveOutcome): Promise<void> {
    await this.link.publish(this.names.endedOf(record.id), frame);
  }

  private read(stream: string, stored: Stored, id: string): Promise<Outcome | undefined> {
    const unpack = (frame: Uint8Array) => {
      const outcome = unpackOutcome(frame);
      if (outcome.record.id !== id) throw new Error('it is the outcome of another call');
      return outcome;
    };
    return readOrRemove(stored, { link: this.link, stream, unpack, warn: this.warn });
  }

  async forget({ revision }: LiveOutcome): Promise<void> {
    await this.link.remove(this.names.live, revision);
  }
}
