import { isEnded, newRecord, type QueuedCall } from '@shoal/domain/queue/queued-call';
import type { CallOutcomes } from './call-outcomes';
import type { DeadLetters } from './dead-letters';
import { unpackCall, unpackOutcome, type Outcome } from './frame';
import { isId, type Names } from './names';
import type { NatsLink, Stored } from './nats-link';
import { readOrRemove } from './read-or-remove';

/**
 * Finds calls, wherever they are on their way. Where a call has ended counts for more than where it was: a server that was
 * killed may bring back what had been removed a moment before.
 */
export class CallLookup {
  constructor(
    private readonly link: NatsLink,
    private readonly names: Names,
    private readonly parts: { readonly outcomes: CallOutcomes; readonly letters: DeadLetters; readonly warn: (text: string) => void },
  ) {}

  async find(id: string): Promise<Outcome | undefined> {
    if (!isId(id)) return undefined;
    // A call that moves on while we look is missed once, and then found behind us.
    return (await this.look(id)) ?? (await this.look(id));
  }

  /** The call's message, while it waits or runs. */
  async message(id: string): Promise<Stored | undefined> {
    return this.link.lastMatching(this.names.calls, this.names.anywhere(id));
  }

  /**
   * Whether there is a call with this id, apart from one of the same function that has not ended: for that, the server is
   * told to store nothing behind it. Only an id that somebody chose can be another function's too.
   */
  async isKnown({ id, idChosen, functionKey }: QueuedCall): Promise<boolean> {
    const found = await Promise.all([
      this.link.last(this.names.live, this.names.liveOf(id)),
      this.link.last(this.names.ended, this.names.endedOf(id)),
      idChosen ? this.parts.letters.find(id) : this.link.last(this.names.dead, this.names.letterOf(functionKey, id)),
      idChosen ? this.message(id) : undefined,
    ]);
    return found.some((one) => one !== undefined);
  }

  private async look(id: string): Promise<Outcome | undefined> {
    // One after the other, in the order in which a call moves on.
    const live = await this.parts.outcomes.live(id);
    if (live && isEnded(live.record)) return outcomeOf(live);
    const ended = await this.parts.outcomes.ended(id);
    if (ended) return ended;
    const letter = await this.parts.letters.find(id);
    const dead = letter && unpackOutcome(letter.data);
    // Unless it was sent again since.
    if (dead && !(live && (live.record.redrivenMs ?? 0) >= (dead.record.endedMs ?? 0))) return dead;
    if (live) return outcomeOf(live);
    const message = await this.message(id);
    if (!message) return undefined;
    const read = await readOrRemove(message, { link: this.link, stream: this.names.calls, unpack: unpackCall, warn: this.parts.warn });
    return read && { record: read.again?.record ?? newRecord(read.call) };
  }
}

function outcomeOf({ record, answer }: Outcome): Outcome {
  return { record, ...(answer ? { answer } : {}) };
}
