import type { Lane } from './lane';
import type { CallRecord, QueuedCall, StoredAnswer } from './queued-call';

/** A call, or the callback of one, that is somebody's to work on until it is settled. */
export interface Claim {
  readonly lane: Lane;
  readonly call: QueuedCall;
  /** As written when the claim began. */
  readonly record: CallRecord;
  /** Of the function; present when `lane` is one of callbacks and the function answered. */
  readonly answer?: StoredAnswer;
}

/** How work on a claim ends. `record` is what the call's record becomes. */
export type Settlement =
  /** It goes back and is taken again at `record.nextAttemptMs`. */
  | { readonly kind: 'retry'; readonly record: CallRecord }
  /** It was not begun after all: goes back to the front at once, as if it had never been taken. */
  | { readonly kind: 'release' }
  /**
   * The call has ended, `succeeded` or `failed`; a failed one is a dead letter from now on. When `record.callback` is
   * pending, its callback can be taken.
   */
  | { readonly kind: 'end'; readonly record: CallRecord; readonly answer?: StoredAnswer }
  /** The callback was delivered, or given up. */
  | { readonly kind: 'callback-end'; readonly record: CallRecord };

/** Told what happens in the queue, whoever caused it. Must not throw. */
export interface QueueListener {
  /** There may be something to take. */
  ready(lane: Lane): void;
  /** Whoever works on this call should stop. */
  cancelled(id: string): void;
}

/** How much waits for one function. */
export interface QueueDepth {
  readonly functionKey: string;
  /** Waiting for their first attempt. */
  readonly queued: number;
  /** Begun and not ended: running, or waiting to be tried again. */
  readonly unfinished: number;
  /** Callbacks on their way. */
  readonly callbacks: number;
  readonly dead: number;
  /** When the call that waits longest for its first attempt was accepted. */
  readonly oldestMs?: number;
}

export interface DeadLetterQuery {
  /** Only of this function. */
  readonly functionKey?: string;
  /** Only those behind this one, in the order in which they are listed. */
  readonly after?: string;
  readonly most: number;
}

/**
 * Where calls wait that run later.
 *
 * What a method has resolved survives the death of any process, and of the machine. Delivery is at least once: a claim
 * whose holder is gone is given to somebody else, and its record counts the attempt. A claim that has been taken away, or
 * whose call was cancelled meanwhile, can still be settled; that changes nothing then. Safe to call concurrently.
 *
 * Every method may reject with `backend-unavailable`.
 */
export interface InvocationQueue {
  /** The largest body that it takes, and keeps of an answer. */
  readonly maxBodyBytes: number;
  /** Never changes, and is known to nobody else: for ids that cannot be guessed. */
  readonly secret: string;
  /** Why nothing can be stored or taken now, as far as is known without trying; `undefined` when it can. */
  readonly problem: string | undefined;
  /**
   * Resolves once the call is durably stored. `known`: there is a call with this id; nothing has changed.
   * Rejects with `queue-full` when there is no room for more, in number or on the disk; with `body-too-large`.
   */
  publish(call: QueuedCall): Promise<'stored' | 'known'>;
  /**
   * The next calls of a lane, in the order in which they were accepted, those that are due again before the others;
   * `most` at most, none when there is nothing to do. Their records are `running` durably, with the attempt counted.
   */
  take(lane: Lane, most: number): Promise<readonly Claim[]>;
  /** The holder is alive and needs longer. Claims that are not renewed are taken away after a while. */
  renew(claim: Claim): Promise<void>;
  /** Resolves once it is durable. */
  settle(claim: Claim, settlement: Settlement): Promise<void>;
  /** `undefined` when it was never accepted, or ended too long ago. */
  find(id: string): Promise<{ readonly record: CallRecord; readonly answer?: StoredAnswer } | undefined>;
  /** Tells of the record's changes from now on, until the returned function is called. */
  follow(id: string, changed: (record: CallRecord) => void): Promise<() => void>;
  /** Resolves with the record as it is now: `cancelled` when that was possible, else as it had ended before. */
  cancel(id: string): Promise<CallRecord | undefined>;
  /** Tells of all lanes that have something to take, now and later. Once per process. */
  watch(listener: QueueListener): Promise<void>;
  /** Of all functions that have anything. */
  depths(): Promise<readonly QueueDepth[]>;
  /** Calls that failed for good, the oldest first. */
  deadLetters(query: DeadLetterQuery): Promise<readonly CallRecord[]>;
  /** The call of a dead letter. */
  deadLetter(id: string): Promise<QueuedCall | undefined>;
  /** Puts a dead letter back into its lane as a new call. `false` when there is no such dead letter. */
  redrive(id: string): Promise<boolean>;
  /** Forgets a dead letter. `false` when there is none. */
  purge(id: string): Promise<boolean>;
  /** Gives up what it holds; calls that it has claimed go back. */
  close(): Promise<void>;
}

/** How far a function's schedule has been followed. */
export interface ScheduleProgress {
  /** Which schedule that was: another one begins anew. */
  readonly schedule: string;
  /** All that was due until then has been seen to: run, or passed over. */
  readonly handledMs: number;
  /** When it was last run. */
  readonly lastRunMs?: number;
}

/** Remembers how far schedules have been followed, in the same place. */
export interface ScheduleLog {
  scheduleProgress(functionKey: string): Promise<ScheduleProgress | undefined>;
  /** `undefined` forgets it. */
  setScheduleProgress(functionKey: string, progress: ScheduleProgress | undefined): Promise<void>;
}
