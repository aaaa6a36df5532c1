import type { Claim, DeadLetterQuery, InvocationQueue, QueueDepth, QueueListener, ScheduleLog, ScheduleProgress, Settlement } from '@shoal/domain/queue/invocation-queue';
import { laneOf, type Lane } from '@shoal/domain/queue/lane';
import { isEnded, type CallRecord, type QueuedCall, type StoredAnswer } from '@shoal/domain/queue/queued-call';
import type { Clock } from '@shoal/domain/shared/clock';
import { messageOf, ShoalError } from '@shoal/domain/shared/errors';
import { CallStore } from './call-store';
import { mendStore } from './mend-store';
import { DueWork } from './due-work';
import { bringerForward, forgetOld, offerDue, returnClaims, type KeepTimes } from './overdue-calls';
import { deadIds, filledLanes, idsInLane } from './read-indexes';
import type { Change } from './replace-call';
import { cancelledCall, publishedCall, redrivenCall, settledCall, type StoredCall } from './stored-call';
import { canBeKey } from './tables';
import { takeCalls } from './take-calls';

export interface LmdbInvocationQueueOptions extends KeepTimes {
  /** Made when it is missing. Belongs to one process at a time. */
  readonly folder: string;
  readonly maxBodyBytes: number;
  /** Calls that have not ended. */
  readonly maxCalls: number;
  readonly clock: Clock;
  /** Told what goes wrong while nobody waits for it. */
  readonly warn: (text: string) => void;
}

/**
 * A queue in one file of this machine, for one gateway.
 *
 * Claims last as long as the process: they need no renewal, and what was claimed is put back when the next one opens the
 * folder. Calls that arrive or change at the same moment share one commit, and so the wait for the disk.
 */
export class LmdbInvocationQueue implements InvocationQueue, ScheduleLog {
  readonly maxBodyBytes: number;
  readonly secret: string;
  /** Only a try would tell. */
  readonly problem = undefined;
  private readonly tokens = new WeakMap<Claim, number>();
  private readonly followers = new Map<string, Set<(record: CallRecord) => void>>();
  private readonly retries: DueWork;
  private readonly expiry: DueWork;
  private listener: QueueListener | undefined;
  private lastToken = 0;
  /** Calls that are being published, and not counted yet. */
  private publishing = 0;

  private constructor(
    private readonly options: LmdbInvocationQueueOptions,
    private readonly store: CallStore,
  ) {
    const { maxBodyBytes, clock, folder, warn } = options;
    this.maxBodyBytes = maxBodyBytes;
    this.secret = store.tables.secret;
    store.changed = (change) => this.tell(change);
    const failed = (error: unknown) => warn(`the queue in ${folder}: ${messageOf(error)}`);
    this.retries = new DueWork({ clock, work: () => offerDue(store, clock.nowMs()), setBack: bringerForward(store), failed });
    this.expiry = new DueWork({ clock, work: () => forgetOld(store, options, clock.nowMs()), failed });
  }

  /**
   * Rejects with a plain error that names the folder when it cannot be opened, or when another version has written it; with
   * `queue-full` when the disk is, and calls were running when the last process died.
   */
  static async open(options: LmdbInvocationQueueOptions): Promise<LmdbInvocationQueue> {
    const { folder, clock, warn } = options;
    try {
      await mendStore(folder, { nowMs: clock.nowMs(), warn });
    } catch (error) {
      throw new Error(`the queue in ${folder} cannot be opened: ${messageOf(error)}`, { cause: error });
    }
    const store = new CallStore(folder);
    const queue = new LmdbInvocationQueue(options, store);
    try {
      await returnClaims(store);
    } catch (error) {
      await store.close();
      throw error;
    }
    queue.retries.at(0);
    queue.expiry.at(0);
    return queue;
  }

  async publish(call: QueuedCall): Promise<'stored' | 'known'> {
    const { id, body } = call;
    if (body.byteLength > this.maxBodyBytes) throw new ShoalError('body-too-large', `the body is longer than the ${this.maxBodyBytes} bytes that the queue takes`);
    if (!canBeKey(id) || !canBeKey(call.functionKey)) throw new ShoalError('invalid-request', 'the call id is empty, too long, or has a zero byte');
    let counted = false;
    try {
      return await this.store.add((replace) => {
        if (this.store.call(id)) return 'known';
        this.requireRoom();
        this.publishing++;
        counted = true;
        this.store.tables.requests.putSync(id, { ...call, body: asBuffer(body) });
        replace(id, undefined, publishedCall(call, this.store.nextSequence()));
        return 'stored';
      });
    } finally {
      if (counted) this.publishing--;
    }
  }

  async take(lane: Lane, most: number): Promise<readonly Claim[]> {
    const isEmpty = await this.store.read(() => idsInLane(this.store.tables, lane, { most: 1 }).length === 0);
    if (isEmpty) return [];
    const taken = await this.store.write((replace) =>
      takeCalls(this.store, replace, { lane, most, nowMs: this.options.clock.nowMs(), newToken: () => ++this.lastToken }),
    );
    for (const { claim, token } of taken) this.tokens.set(claim, token);
    // Whoever cancelled a call in the same commit has told so already, to a worker that did not have it yet.
    return this.store.read(() => taken.map(({ claim }) => claim).filter((claim) => this.claimed(claim)));
  }

  /** Claims last as long as this process. */
  async renew(): Promise<void> {}

  async settle(claim: Claim, settlement: Settlement): Promise<void> {
    await this.store.write((replace) => {
      const before = this.claimed(claim);
      if (before?.place?.at !== 'claim') return;
      const { id } = claim.call;
      replace(id, before, settledCall(before, before.place, settlement, { sequence: this.store.nextSequence(), nowMs: this.options.clock.nowMs() }));
      if (settlement.kind === 'end' && settlement.answer) this.store.tables.answers.putSync(id, storable(settlement.answer));
    });
  }

  find(id: string): Promise<{ readonly record: CallRecord; readonly answer?: StoredAnswer } | undefined> {
    return this.store.read(() => {
      const call = this.store.call(id);
      const answer = call && this.store.tables.answers.get(id);
      return call && { record: call.record, ...(answer ? { answer } : {}) };
    });
  }

  async follow(id: string, changed: (record: CallRecord) => void): Promise<() => void> {
    const followers = this.followers.get(id) ?? new Set();
    this.followers.set(id, followers.add(changed));
    return () => {
      followers.delete(changed);
      if (followers.size === 0 && this.followers.get(id) === followers) this.followers.delete(id);
    };
  }

  cancel(id: string): Promise<CallRecord | undefined> {
    return this.store.write((replace) => {
      const before = this.store.call(id);
      if (!before || isEnded(before.record)) return before?.record;
      const after = cancelledCall(before, this.options.clock.nowMs());
      replace(id, before, after);
      return after.record;
    });
  }

  async watch(listener: QueueListener): Promise<void> {
    this.listener = listener;
    for (const lane of await this.store.read(() => filledLanes(this.store.tables))) listener.ready(lane);
  }

  depths(): Promise<readonly QueueDepth[]> {
    return this.store.read(() =>
      this.store.counts.list().map((counts) => {
        const oldestMs = counts.queued > 0 ? this.oldestMs(counts.functionKey) : undefined;
        return { ...counts, ...(oldestMs === undefined ? {} : { oldestMs }) };
      }),
    );
  }

  deadLetters({ functionKey, after, most }: DeadLetterQuery): Promise<readonly CallRecord[]> {
    return this.store.read(() => {
      const last = after === undefined ? undefined : this.deadCall(after);
      const ids = deadIds(this.store.tables, { functionKey, after: last && { sinceMs: last.kept.sinceMs, id: last.record.id }, most });
      return ids.flatMap((id) => this.store.call(id)?.record ?? []);
    });
  }

  deadLetter(id: string): Promise<QueuedCall | undefined> {
    return this.store.read(() => (this.deadCall(id) ? this.store.tables.requests.get(id) : undefined));
  }

  redrive(id: string): Promise<boolean> {
    return this.store.write((replace) => {
      const before = this.deadCall(id);
      if (!before) return false;
      this.store.tables.answers.removeSync(id);
      replace(id, before, redrivenCall(before, { sequence: this.store.nextSequence(), nowMs: this.options.clock.nowMs() }));
      return true;
    });
  }

  purge(id: string): Promise<boolean> {
    return this.store.write((replace) => {
      const before = this.deadCall(id);
      if (before) replace(id, before, undefined);
      return before !== undefined;
    });
  }

  /** What is being written is waited for. What has been claimed goes back when the folder is opened again. */
  async close(): Promise<void> {
    this.listener = undefined;
    await Promise.all([this.retries.stop(), this.expiry.stop()]);
    await this.store.close();
  }

  /**
   * Writes a copy of the whole queue, as it is at this moment, to a file that is not there yet. Calls come and go meanwhile.
   * Rejects with `queue-full` when there is no room for it on the disk, else with `backend-unavailable`.
   */
  copyTo(file: string): Promise<void> {
    return this.store.copyTo(file);
  }

  scheduleProgress(functionKey: string): Promise<ScheduleProgress | undefined> {
    return this.store.read(() => this.store.tables.schedules.get(functionKey));
  }

  async setScheduleProgress(functionKey: string, progress: ScheduleProgress | undefined): Promise<void> {
    const { schedules } = this.store.tables;
    await this.store.write(() => (progress ? schedules.putSync(functionKey, progress) : schedules.removeSync(functionKey)));
  }

  private tell({ id, before, after }: Change): void {
    const { listener } = this;
    if (after?.place?.at === 'lane') listener?.ready(after.place.lane);
    if (after?.place?.at === 'waiting') this.retries.at(after.place.dueMs);
    if (after?.kept) this.expiry.at(after.kept.sinceMs + (after.kept.as === 'dead' ? this.options.keepDeadMs : this.options.keepEndedMs));
    if (before?.place?.at === 'claim' && after?.record.state === 'cancelled') listener?.cancelled(id);
    if (after && after.record !== before?.record) for (const changed of this.followers.get(id) ?? []) changed(after.record);
  }

  private requireRoom(): void {
    const { maxCalls } = this.options;
    if (this.store.counts.open + this.publishing >= maxCalls) throw new ShoalError('queue-full', `the queue holds ${maxCalls} calls, and takes no more`);
  }

  private claimed(claim: Claim): StoredCall | undefined {
    const call = this.store.call(claim.call.id);
    return call?.place?.at === 'claim' && call.place.token === this.tokens.get(claim) ? call : undefined;
  }

  private deadCall(id: string) {
    const call = this.store.call(id);
    return call?.kept?.as === 'dead' ? { ...call, kept: call.kept } : undefined;
  }

  private oldestMs(functionKey: string): number | undefined {
    const [id] = idsInLane(this.store.tables, laneOf('call', functionKey), { most: 1, onlyNew: true });
    return id === undefined ? undefined : this.store.call(id)?.record.acceptedMs;
  }
}

function storable({ body, ...head }: StoredAnswer): StoredAnswer {
  return body === undefined ? head : { ...head, body: asBuffer(body) };
}

/** The same memory: msgpackr writes a `Buffer` as bytes, and another array as one of its own types. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
