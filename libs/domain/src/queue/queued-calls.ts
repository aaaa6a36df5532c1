import type { Clock } from '../shared/clock';
import { ShoalError } from '../shared/errors';
import type { DeadLetterQuery, InvocationQueue, QueueDepth } from './invocation-queue';
import type { QueueWorker } from './queue-worker';
import { isEnded, type CallRecord, type QueuedCall, type StoredAnswer } from './queued-call';

/** Dead letters that are sent again or forgotten in one go. */
const BATCH = 100;

export interface FoundCall {
  readonly record: CallRecord;
  readonly answer?: StoredAnswer;
}

/** A queue's depth, and what this gateway does about it. */
export interface QueueStatus extends QueueDepth {
  /** Calls that run here now. */
  readonly running: number;
  /** Calls that ended here in a second, of late. */
  readonly perSecond: number;
}

/** Looks calls up that run later, and looks after those that failed. Everything may reject as the queue does. */
export class QueuedCalls {
  /** @param worker absent where only others work on the queue. */
  constructor(
    private readonly queue: InvocationQueue,
    private readonly clock: Clock,
    private readonly worker?: QueueWorker,
  ) {}

  /** Rejects with `call-not-found`. */
  async find(id: string): Promise<FoundCall> {
    const found = await this.queue.find(id);
    if (!found) throw new ShoalError('call-not-found', 'there is no such call, or it ended too long ago');
    return found;
  }

  /** As `find`, but waits up to `limitMs` for the call to end, unless whoever asks has `left` by then. */
  async findEnded(id: string, limitMs: number, left: Promise<void> = new Promise(() => undefined)): Promise<FoundCall> {
    let ended: () => void = () => undefined;
    const end = new Promise<void>((resolve) => (ended = resolve));
    // Followed before it is looked up: in between it may end.
    const leave = await this.queue.follow(id, (record) => isEnded(record) && ended());
    try {
      const found = await this.find(id);
      if (isEnded(found.record)) return found;
      const timer = this.clock.after(limitMs, ended);
      await Promise.race([end, left]);
      timer.cancel();
      return await this.find(id);
    } finally {
      leave();
    }
  }

  /** Tells `changed` of the record now and whenever it changes. Resolves with what ends that. Rejects with `call-not-found`. */
  async follow(id: string, changed: (record: CallRecord) => void): Promise<() => void> {
    let told = false;
    const leave = await this.queue.follow(id, (record) => {
      told = true;
      changed(record);
    });
    try {
      const { record } = await this.find(id);
      if (!told) changed(record);
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Rejects with `call-not-found`, and with `already-ended` when it is too late. */
  async cancel(id: string): Promise<CallRecord> {
    const record = await this.queue.cancel(id);
    if (!record) throw new ShoalError('call-not-found', 'there is no such call, or it ended too long ago');
    if (record.state !== 'cancelled') throw new ShoalError('already-ended', `the call has ${record.state} already`);
    return record;
  }

  async status(): Promise<readonly QueueStatus[]> {
    const depths = await this.queue.depths();
    return depths.map((depth) => ({
      ...depth,
      running: this.worker?.runningOf(depth.functionKey) ?? 0,
      perSecond: this.worker?.rateOf(depth.functionKey) ?? 0,
    }));
  }

  deadLetters(query: DeadLetterQuery): Promise<readonly CallRecord[]> {
    return this.queue.deadLetters(query);
  }

  /** With its request. Rejects with `call-not-found`. */
  async deadLetter(id: string): Promise<FoundCall & { readonly call: QueuedCall }> {
    const call = await this.queue.deadLetter(id);
    if (!call) throw noDeadLetter();
    return { ...(await this.find(id)), call };
  }

  /** Rejects with `call-not-found`. */
  async redrive(id: string): Promise<void> {
    if (!(await this.queue.redrive(id))) throw noDeadLetter();
  }

  /** Rejects with `call-not-found`. */
  async purge(id: string): Promise<void> {
    if (!(await this.queue.purge(id))) throw noDeadLetter();
  }

  /** All that there were when it began, of one function or of all. Resolves with how many. */
  redriveAll(functionKey?: string): Promise<number> {
    return this.forEachDeadLetter(functionKey, (id) => this.queue.redrive(id));
  }

  /** As `redriveAll`. */
  purgeAll(functionKey?: string): Promise<number> {
    return this.forEachDeadLetter(functionKey, (id) => this.queue.purge(id));
  }

  private async forEachDeadLetter(functionKey: string | undefined, act: (id: string) => Promise<boolean>): Promise<number> {
    const beganMs = this.clock.nowMs();
    let count = 0;
    for (;;) {
      const letters = await this.queue.deadLetters({ ...(functionKey === undefined ? {} : { functionKey }), most: BATCH });
      // One that was sent again may fail again before this is over.
      const before = letters.filter(({ endedMs = 0 }) => endedMs <= beganMs);
      if (before.length === 0) return count;
      const done = await Promise.all(before.map(({ id }) => act(id)));
      const succeeded = done.filter(Boolean).length;
      count += succeeded;
      // Somebody else was quicker with all of them: nothing is left for us to make progress with.
      if (succeeded === 0) return count;
    }
  }
}

function noDeadLetter(): ShoalError {
  return new ShoalError('call-not-found', 'there is no such dead letter');
}
