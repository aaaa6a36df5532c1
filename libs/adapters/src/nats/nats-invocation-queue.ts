import type { Claim, DeadLetterQuery, InvocationQueue, QueueDepth, QueueListener, ScheduleLog, ScheduleProgress, Settlement } from '@shoal/domain/queue/invocation-queue';
import { laneOf, type Lane } from '@shoal/domain/queue/lane';
import { releasedRecord, type CallRecord, type QueuedCall } from '@shoal/domain/queue/queued-call';
import { ShoalError } from '@shoal/domain/shared/errors';
import { CallCancellation } from './call-cancellation';
import { CallEndings } from './call-endings';
import { CallLookup } from './call-lookup';
import { CallOutcomes, type LiveOutcome } from './call-outcomes';
import { ClaimTaker, type Held } from './claim-taker';
import { DeadLetters } from './dead-letters';
import { packCall, unpackOutcome, type Outcome } from './frame';
import { LaneConsumers } from './lane-consumers';
import { LaneWatch } from './lane-watch';
import { LeftBehind } from './left-behind';
import { Names } from './names';
import { NatsLink, type LinkCaretaker, type LinkOptions } from './nats-link';
import { QueueDepths } from './queue-depths';
import { readProgress, readSecret, writeProgress, writeSecret } from './queue-meta';
import { Redriving } from './redriving';
import { Reserve } from './reserve';
import { SteadyClock } from './steady-clock';
import { openStreams, type Keeping } from './streams';

/** From one attempt to open the queue to the next. */
const RETRY_MS = 200;
/** Streams that are gone are not made again and again where that does not help. */
const RESTORE_MS = 1_000;
/** What only a newer version can read is offered again after so long. */
const NEWER_MS = 5_000;
/** In a message, what is not the body: headers above all. */
const HEAD_BYTES = 64 * 1024;

export interface NatsQueueOptions extends LinkOptions, Keeping {
  /** Of the names of streams and subjects: letters, digits, `-` and `_`. */
  readonly prefix: string;
  /** Bodies may have so many bytes at most, and what the server takes, less 64 KiB. */
  readonly maxBodyBytes: number;
  /** Claims that are not renewed for so long are taken away. */
  readonly claimMs: number;
  /** Until what only a newer version can read is offered again; 5 s by default. */
  readonly newerMs?: number;
  /** Told what somebody should know who runs this. */
  readonly warn: (text: string) => void;
}

/**
 * Keeps calls in NATS JetStream, for any number of processes.
 *
 * A call is a message in its lane from its acceptance to its end. From when it is first taken it also has a live entry,
 * which says how it stands and decides who may go on with it. When it has ended the message goes, and the entry moves to
 * where it is kept for a while: among the ended ones or the dead letters.
 *
 * A server that has lost its streams is given them anew, empty.
 */
export class NatsInvocationQueue implements InvocationQueue, ScheduleLog, LinkCaretaker {
  readonly maxBodyBytes: number;
  private readonly outcomes: CallOutcomes;
  private readonly letters: DeadLetters;
  private readonly lookup: CallLookup;
  private readonly consumers: LaneConsumers;
  private readonly endings: CallEndings;
  private readonly taker: ClaimTaker;
  private readonly cancellation: CallCancellation;
  private readonly redriving: Redriving;
  private readonly lanes: LaneWatch;
  private readonly counts: QueueDepths;
  private readonly reserve: Reserve;
  private readonly clock = new SteadyClock();
  private readonly held = new Map<Claim, Held>();
  private restoring: Promise<boolean> | undefined;

  private constructor(
    private readonly link: NatsLink,
    private readonly names: Names,
    private readonly options: NatsQueueOptions,
    readonly secret: string,
  ) {
    const { maxBodyBytes, claimMs, newerMs = NEWER_MS, warn } = options;
    this.maxBodyBytes = Math.max(0, Math.min(maxBodyBytes, link.maxMessageBytes - HEAD_BYTES));
    const outcomes = (this.outcomes = new CallOutcomes(link, names, warn));
    const letters = (this.letters = new DeadLetters(link, names, warn));
    const consumers = (this.consumers = new LaneConsumers(link, names, claimMs));
    const endings = (this.endings = new CallEndings(link, names, { outcomes, letters, consumers }));
    this.lookup = new CallLookup(link, names, { outcomes, letters, warn });
    // Claims that lapse have been delivered again by then.
    this.lanes = new LaneWatch(link, names, consumers, new LeftBehind(link, names, outcomes), 2 * claimMs, warn);
    this.taker = new ClaimTaker({ outcomes, letters, consumers, endings, clock: this.clock, newerMs, warn, alarm: (lane, atMs) => this.lanes.alarm(lane, atMs) });
    this.cancellation = new CallCancellation(link, names, { outcomes, endings, consumers, lookup: this.lookup });
    this.redriving = new Redriving(link, names, { outcomes, letters, consumers });
    this.counts = new QueueDepths(link, names, consumers, letters);
    this.reserve = new Reserve(link, names, warn);
    link.careBy(this);
    void this.reserve.fill();
  }

  /**
   * Waits a while for a server that is not there yet, and rejects with `backend-unavailable` then; at once when the
   * credentials are wrong. Later it waits for the server however long that takes.
   */
  static async open(options: NatsQueueOptions): Promise<NatsInvocationQueue> {
    const deadlineMs = Date.now() + options.openMs;
    const names = new Names(options.prefix);
    const link = await NatsLink.open(options);
    for (;;) {
      try {
        await openStreams(link, names, options);
        return new NatsInvocationQueue(link, names, options, await readSecret(link, names));
      } catch (error) {
        // A stream that another process is making at this moment may leave a question without an answer.
        if (Date.now() >= deadlineMs) {
          await link.close();
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  get problem(): string | undefined {
    return this.link.problem;
  }

  reconnected(): void {
    this.consumers.forget();
  }

  makeRoom(): Promise<boolean> {
    return this.reserve.makeRoom();
  }

  /** All who miss a stream at the same time get the same answer. */
  restore(): Promise<boolean> {
    this.restoring ??= this.restoreStreams().finally(() => setTimeout(() => (this.restoring = undefined), RESTORE_MS).unref());
    return this.restoring;
  }

  async publish(call: QueuedCall): Promise<'stored' | 'known'> {
    if (call.body.byteLength > this.maxBodyBytes) throw new ShoalError('body-too-large', `the queue takes bodies of ${this.maxBodyBytes} bytes at most`);
    const lane = laneOf('call', call.functionKey);
    const subject = this.names.inLane(lane, call.id);
    const [isKnown] = await Promise.all([this.lookup.isKnown(call), this.consumers.ensure(lane)]);
    if (isKnown) return 'known';
    const stored = await this.link.publish(subject, packCall({ call }), { expected: 0, messageId: call.id, mayBeRefused: true });
    if (!stored) return 'known';
    if (!stored.duplicate) return 'stored';
    if (await this.find(call.id)) return 'known';
    // The server remembers the id of a dead letter that was purged since.
    return (await this.link.publish(subject, packCall({ call }), { expected: 0, mayBeRefused: true })) ? 'stored' : 'known';
  }

  async take(lane: Lane, most: number): Promise<readonly Claim[]> {
    const messages = await this.consumers.pull(lane, most);
    const results = await Promise.allSettled(messages.map((message) => this.taker.claim(lane, message)));
    const taken = results.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []));
    // Where some could be taken, the others lapse; what was taken must not.
    const failed = results.find((result) => result.status === 'rejected');
    if (failed && taken.length === 0) throw failed.reason;
    for (const held of taken) this.held.set(held.claim, held);
    // Fewer than asked for would say that there are no more.
    if (messages.length === most && taken.length < most) this.lanes.ready(lane);
    return taken.map(({ claim }) => claim);
  }

  async renew(claim: Claim): Promise<void> {
    const held = this.held.get(claim);
    if (held) this.consumers.keep(held.message);
  }

  async settle(claim: Claim, settlement: Settlement): Promise<void> {
    const held = this.held.get(claim);
    if (!held) return;
    const live = await this.outcomes.writeAgain(claim.call.id, outcomeOf(claim, settlement), held.revision);
    if (live) await this.carryOut(held, live, settlement);
    this.held.delete(claim);
  }

  async find(id: string): Promise<Outcome | undefined> {
    return this.lookup.find(id);
  }

  async follow(id: string, changed: (record: CallRecord) => void): Promise<() => void> {
    const subscription = this.link.listen(this.names.changedOf(id), ({ data }) => {
      const record = recordOf(data);
      if (record?.id === id) changed(record);
    });
    await this.link.flush();
    return () => subscription.unsubscribe();
  }

  async cancel(id: string): Promise<CallRecord | undefined> {
    const record = await this.cancellation.cancel(id);
    if (record?.state === 'cancelled') this.link.send(this.names.cancelled, id);
    return record;
  }

  async watch(listener: QueueListener): Promise<void> {
    await this.lanes.start(listener);
  }

  async depths(): Promise<readonly QueueDepth[]> {
    return this.counts.read();
  }

  async deadLetters(query: DeadLetterQuery): Promise<readonly CallRecord[]> {
    return this.letters.list(query);
  }

  async deadLetter(id: string): Promise<QueuedCall | undefined> {
    const { letter } = await this.redriving.find(id);
    return letter && this.letters.callOf(id);
  }

  async redrive(id: string): Promise<boolean> {
    return this.redriving.redrive(id);
  }

  async purge(id: string): Promise<boolean> {
    return this.redriving.purge(id);
  }

  async close(): Promise<void> {
    this.lanes.stop();
    this.reserve.stop();
    // What cannot be given back now lapses.
    await Promise.allSettled([...this.held.keys()].map((claim) => this.settle(claim, { kind: 'release' })));
    await this.link.close();
  }

  async scheduleProgress(functionKey: string): Promise<ScheduleProgress | undefined> {
    return readProgress(this.link, this.names, functionKey);
  }

  async setScheduleProgress(functionKey: string, progress: ScheduleProgress | undefined): Promise<void> {
    await writeProgress(this.link, this.names, functionKey, progress);
  }

  private async restoreStreams(): Promise<boolean> {
    try {
      this.consumers.forget();
      const { calls, callbacks, live, ended, dead, meta } = this.names;
      const had = await this.link.streamNames();
      await openStreams(this.link, this.names, this.options);
      await writeSecret(this.link, this.names, this.secret);
      void this.reserve.fill();
      // Another process may have made them anew, or it was the reserve's that was missed.
      if ([calls, callbacks, live, ended, dead, meta].some((name) => !had.has(name))) this.options.warn('the queue had lost its streams: they were made anew, and calls that waited in them are gone');
      return true;
    } catch {
      return false; // Who has missed one says why.
    }
  }

  /** What is written down already, for the message. */
  private async carryOut({ claim, message }: Held, live: LiveOutcome, { kind }: Settlement): Promise<void> {
    switch (kind) {
      case 'release':
        await this.consumers.giveBack(message, 0);
        return this.lanes.ready(claim.lane);
      case 'retry': {
        const dueMs = live.record.nextAttemptMs ?? 0;
        this.clock.look();
        await this.consumers.giveBack(message, dueMs - Date.now());
        return this.lanes.alarm(claim.lane, dueMs);
      }
      default:
        return this.endings.finish({ live, ...(kind === 'end' ? { call: claim.call } : {}), done: () => this.consumers.done(message) });
    }
  }
}

/** What becomes of a call. Its answer stays with it for as long as its callback is on its way. */
function outcomeOf({ record, answer }: Claim, settlement: Settlement): Outcome {
  switch (settlement.kind) {
    case 'release':
      return { record: releasedRecord(record), ...(answer ? { answer } : {}) };
    case 'end':
      return { record: settlement.record, ...(settlement.answer ? { answer: settlement.answer } : {}) };
    default:
      return { record: settlement.record, ...(answer ? { answer } : {}) };
  }
}

/** `undefined` of what is none of ours. */
function recordOf(frame: Uint8Array): CallRecord | undefined {
  try {
    return unpackOutcome(frame).record;
  } catch {
    return undefined;
  }
}
