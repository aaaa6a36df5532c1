import type { RetryPolicy } from './retry-policy';

/** A call that was accepted to be run later, as it came. */
export interface QueuedCall {
  /** Unique among all calls that the queue still knows. */
  readonly id: string;
  /** Whether the caller chose the id, so that somebody else might guess it. */
  readonly idChosen: boolean;
  readonly functionKey: string;
  readonly method: string;
  /** Path and query behind the function's name, byte for byte; begins with `/`. */
  readonly rest: string;
  /** End-to-end headers, flat: a name, its value, the next name. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  /** Where the outcome is sent. */
  readonly callbackUrl?: string;
  /** Milliseconds since the Unix epoch, like all moments here. */
  readonly acceptedMs: number;
  readonly retry: RetryPolicy;
  /** How many calls of the function may run at a time, as far as the queue is concerned. */
  readonly concurrency: number;
}

/** Where a call stands. The last three are final, but for one that failed and is sent again. */
export type CallState = 'queued' | 'running' | 'retrying' | 'succeeded' | 'failed' | 'cancelled';

/** What became of one attempt, or of the last one. */
export interface AttemptOutcome {
  /** The status that the function answered with; absent when it did not answer. */
  readonly status?: number;
  /** Why it counts as failed: an error code of ours, and a sentence. */
  readonly code?: string;
  readonly message?: string;
  /** From being taken to its end. */
  readonly durationMs: number;
}

export interface CallbackState {
  readonly url: string;
  readonly state: 'pending' | 'delivered' | 'failed';
  readonly attempts: number;
  readonly status?: number;
  readonly message?: string;
}

/** What is known of a call without its bodies. Small: it is written at each step. */
export interface CallRecord {
  readonly id: string;
  readonly idChosen: boolean;
  readonly functionKey: string;
  readonly state: CallState;
  readonly acceptedMs: number;
  /** When it was last sent again as a dead letter: its time counts from then. */
  readonly redrivenMs?: number;
  /** How often it was begun; a number above 1 means that the function may have seen it before. */
  readonly attempts: number;
  /** How often nobody had room for it. */
  readonly refusals: number;
  /** When the last attempt began. */
  readonly startedMs?: number;
  readonly endedMs?: number;
  /** When it is tried again. */
  readonly nextAttemptMs?: number;
  readonly outcome?: AttemptOutcome;
  readonly callback?: CallbackState;
}

/** A function's answer, kept for whoever asks. */
export interface StoredAnswer {
  readonly status: number;
  /** End-to-end headers, flat. */
  readonly headers: readonly string[];
  /** Absent when it was longer than what is kept. */
  readonly body?: Uint8Array;
}

/** The first value of a header in a flat list; `name` in lower case. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((one, i) => i % 2 === 0 && one.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}

/** How a call begins its life. */
export function newRecord({ id, idChosen, functionKey, acceptedMs, callbackUrl }: QueuedCall): CallRecord {
  const callback: CallbackState | undefined = callbackUrl === undefined ? undefined : { url: callbackUrl, state: 'pending', attempts: 0 };
  return { id, idChosen, functionKey, state: 'queued', acceptedMs, attempts: 0, refusals: 0, ...(callback ? { callback } : {}) };
}

/** The record of a call that is being taken. */
export function takenRecord(record: CallRecord, nowMs: number): CallRecord {
  if (isEnded(record)) return record; // Its callback is being taken.
  return { ...withoutNextAttempt(record), state: 'running', attempts: record.attempts + 1, startedMs: nowMs };
}

/** The record of a call that was taken and given back without having been begun. */
export function releasedRecord(record: CallRecord): CallRecord {
  if (isEnded(record)) return record;
  const { startedMs: _, ...rest } = record;
  return { ...rest, attempts: record.attempts - 1, state: record.attempts > 1 ? 'retrying' : 'queued' };
}

function withoutNextAttempt({ nextAttemptMs: _, ...record }: CallRecord): CallRecord {
  return record;
}

/** Of a call that is sent again after it had failed: as new, but what it had is remembered. */
export function redrivenRecord(record: CallRecord, nowMs: number): CallRecord {
  const { endedMs: _ended, nextAttemptMs: _next, callback, ...rest } = record;
  return { ...rest, redrivenMs: nowMs, state: 'queued', attempts: 0, refusals: 0, ...(callback ? { callback: { url: callback.url, state: 'pending', attempts: 0 } } : {}) };
}

export function cancelledRecord(record: CallRecord, nowMs: number): CallRecord {
  const { callback, ...rest } = withoutNextAttempt(record);
  // Nobody is told of a call that somebody took back.
  const settled: CallbackState | undefined = callback && { ...callback, state: 'failed', message: 'the call was cancelled' };
  return { ...rest, state: 'cancelled', endedMs: nowMs, ...(settled ? { callback: settled } : {}) };
}

export function isEnded({ state }: CallRecord): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}
