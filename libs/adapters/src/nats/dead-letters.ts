import type { DeadLetterQuery } from '@shoal/domain/queue/invocation-queue';
import type { CallRecord, QueuedCall } from '@shoal/domain/queue/queued-call';
import type { LiveOutcome } from './call-outcomes';
import { packCall, unpackCall, unpackOutcome, type Outcome } from './frame';
import { isId, type Names } from './names';
import type { NatsLink, Stored } from './nats-link';
import { readOrRemove } from './read-or-remove';

/** Calls that failed for good. A letter and its call are two messages: together they may be longer than a message can be. */
export class DeadLetters {
  private counted: { readonly at: string; readonly counts: ReadonlyMap<string, number> } | undefined;

  constructor(
    private readonly link: NatsLink,
    private readonly names: Names,
    private readonly warn: (text: string) => void,
  ) {}

  /** Harmless when done twice. Without a call: it is kept already. */
  async keep({ record, frame }: LiveOutcome, call: QueuedCall | undefined): Promise<void> {
    // First the call: a letter has one.
    if (call) await this.link.publish(this.names.letterCallOf(call.id), packCall({ call }));
    await this.link.publish(this.names.letterOf(record.functionKey, record.id), frame);
  }

  async find(id: string): Promise<Stored | undefined> {
    const stored = isId(id) ? await this.link.lastMatching(this.names.dead, this.names.letterOf(undefined, id)) : undefined;
    return stored && (await this.outcomeOf(stored)) ? stored : undefined;
  }

  async callOf(id: string): Promise<QueuedCall | undefined> {
    const stored = await this.link.last(this.names.dead, this.names.letterCallOf(id));
    const read = stored && (await readOrRemove(stored, { link: this.link, stream: this.names.dead, unpack: unpackCall, warn: this.warn }));
    return read?.call;
  }

  /** Resolves with whether it was there. */
  async remove(id: string, letter: number): Promise<boolean> {
    const removed = await this.link.remove(this.names.dead, letter);
    const call = removed && (await this.link.last(this.names.dead, this.names.letterCallOf(id)));
    if (call) await this.link.remove(this.names.dead, call.sequence);
    return removed;
  }

  async list({ functionKey, after, most }: DeadLetterQuery): Promise<readonly CallRecord[]> {
    const records: CallRecord[] = [];
    let last = after === undefined ? undefined : (await this.find(after))?.sequence;
    while (records.length < most) {
      const letter = await this.link.next(this.names.dead, (last ?? 0) + 1, this.names.letterOf(functionKey, undefined));
      if (!letter) break;
      const outcome = await this.outcomeOf(letter);
      if (outcome) records.push(outcome.record);
      last = letter.sequence;
    }
    return records;
  }

  private outcomeOf(letter: Stored): Promise<Outcome | undefined> {
    return readOrRemove(letter, { link: this.link, stream: this.names.dead, unpack: unpackOutcome, warn: this.warn });
  }

  /** How many there are of each function. */
  async counts(): Promise<ReadonlyMap<string, number>> {
    const { state } = await this.link.streamInfo(this.names.dead);
    const at = `${state.last_seq} ${state.messages}`;
    // The server lists every letter to tell this: only when something has changed.
    if (this.counted?.at !== at) this.counted = { at, counts: await this.count() };
    return this.counted.counts;
  }

  private async count(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    const { state } = await this.link.streamInfo(this.names.dead, this.names.letterOf(undefined, undefined));
    for (const subject of Object.keys(state.subjects ?? {})) {
      const functionKey = this.names.functionOfLetter(subject);
      if (functionKey !== undefined) counts.set(functionKey, (counts.get(functionKey) ?? 0) + 1);
    }
    return counts;
  }
}
