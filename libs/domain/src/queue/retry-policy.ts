import { parseDurationMs } from '../shared/duration';
import { messageOf, ShoalError, type ErrorCode } from '../shared/errors';
import { headerOf, type AttemptOutcome, type CallRecord, type StoredAnswer } from './queued-call';

/** How often and how long a call is tried, read from annotations (wire contract §6.7). */
export interface RetryPolicy {
  /** Attempts after the first. */
  readonly attempts: number;
  /** Statuses of the function that are worth another attempt. */
  readonly codes: readonly number[];
  /** The wait before the first retry is at most this; it doubles each time. */
  readonly minWaitMs: number;
  readonly maxWaitMs: number;
  /** From being accepted: what has not succeeded by then has failed. */
  readonly deadlineMs: number;
}

type Annotations = Readonly<Record<string, string>>;

const RETRY = 'com.openfaas.retry.';
const CONCURRENCY = 'com.openfaas.async.concurrency';
const DEFAULT_CODES: readonly number[] = [408, 429, 500, 502, 503, 504];
const DEFAULT_ATTEMPTS = 5;
const MAX_ATTEMPTS = 100;
const DEFAULT_MIN_WAIT_MS = 1_000;
const DEFAULT_MAX_WAIT_MS = 2 * 60_000;
const DEFAULT_DEADLINE_MS = 24 * 3_600_000;
/** All statuses that there are have room in it. */
const MAX_CODES_LENGTH = 1_000;
const DEFAULT_CONCURRENCY = 100;
const MAX_CONCURRENCY = 1_000;
/** Nobody waits longer for somebody who asks to be left alone. */
const MAX_RETRY_AFTER_MS = 3_600_000;
/** The function has not seen the call: the attempt does not count. */
const NOT_BEGUN: ReadonlySet<ErrorCode> = new Set(['over-capacity', 'shutting-down', 'replica-unreachable', 'not-ready', 'not-ready-in-time', 'backend-unavailable']);
/** Another attempt would end in the same way. */
const FINAL: ReadonlySet<ErrorCode> = new Set(['function-not-found', 'invalid-request', 'unauthorized', 'forbidden', 'uri-too-long', 'body-too-large']);

/** Rejects an annotation that cannot be used with `invalid-request` naming it. */
export function parseRetryPolicy(annotations: Annotations): RetryPolicy {
  const minWaitMs = readDuration(annotations, 'min_wait', DEFAULT_MIN_WAIT_MS);
  const maxWaitMs = readDuration(annotations, 'max_wait', Math.max(DEFAULT_MAX_WAIT_MS, minWaitMs));
  if (minWaitMs > maxWaitMs) throw invalid(`${RETRY}min_wait`, `is longer than ${RETRY}max_wait`);
  return {
    attempts: readCount(annotations, `${RETRY}attempts`, { fallback: DEFAULT_ATTEMPTS, least: 0, most: MAX_ATTEMPTS }),
    codes: readCodes(annotations),
    minWaitMs,
    maxWaitMs,
    deadlineMs: readDuration(annotations, 'deadline', DEFAULT_DEADLINE_MS),
  };
}

/** How many queued calls of a function may run at a time. Rejects what is no number with `invalid-request`. */
export function parseConcurrency(annotations: Annotations): number {
  return readCount(annotations, CONCURRENCY, { fallback: DEFAULT_CONCURRENCY, least: 1, most: MAX_CONCURRENCY });
}

/** What one attempt came to. */
export type Attempt =
  | { readonly kind: 'answered'; readonly answer: StoredAnswer }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly retryAfterSeconds?: number };

/** An exchange in the words of an attempt: whatever happens is an outcome. */
export async function attemptOf(exchange: () => Promise<StoredAnswer>): Promise<Attempt> {
  try {
    return { kind: 'answered', answer: await exchange() };
  } catch (error) {
    if (!(error instanceof ShoalError)) return { kind: 'failed', code: 'internal', message: messageOf(error) };
    const { retryAfterSeconds } = error.facts;
    return { kind: 'failed', code: error.code, message: error.message, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  }
}

export type NextStep =
  | { readonly kind: 'succeeded' | 'failed' }
  /** @property counts whether it used up one of the policy's attempts. */
  | { readonly kind: 'retry'; readonly atMs: number; readonly counts: boolean };

type Tries = Pick<CallRecord, 'attempts' | 'refusals' | 'acceptedMs' | 'redrivenMs'>;

export interface Circumstances {
  readonly nowMs: number;
  /** From 0 to 1: full jitter, so that what failed together does not come back together. */
  readonly random: number;
  /** Whether an attempt for which there was no room uses up one of the policy's as well. */
  readonly refusalsCount?: boolean;
}

/** The moment by which a call has succeeded or failed. */
export function deadlineOf({ deadlineMs }: RetryPolicy, { acceptedMs, redrivenMs }: Tries): number {
  return (redrivenMs ?? acceptedMs) + deadlineMs;
}

/** Why a call is not run although its turn has come; `undefined` when it is. */
export function overdue(policy: RetryPolicy, record: Tries, nowMs: number): { readonly code: string; readonly message: string } | undefined {
  if (nowMs >= deadlineOf(policy, record)) return { code: 'expired', message: 'its time was over before it had succeeded' };
  // The end of an attempt is written down. Where it is not, whoever ran it was killed, perhaps by this very call.
  if (record.attempts - record.refusals > policy.attempts + 1) return { code: 'abandoned', message: 'whoever ran it died before it had ended' };
  return undefined;
}

/**
 * What follows from an attempt. Pure.
 *
 * @param record of the call, this attempt counted.
 */
export function nextStep(policy: RetryPolicy, record: Tries, attempt: Attempt, { nowMs, random, refusalsCount = false }: Circumstances): NextStep {
  if (attempt.kind === 'answered' && attempt.answer.status < 400) return { kind: 'succeeded' };
  if (!isWorthAnother(policy, attempt)) return { kind: 'failed' };
  const counts = refusalsCount || !wasRefused(attempt);
  const counted = record.attempts - record.refusals;
  if (counts && counted > policy.attempts) return { kind: 'failed' };
  const askedMs = Math.min(retryAfterMs(attempt, nowMs) ?? 0, MAX_RETRY_AFTER_MS);
  const exponent = (counts ? counted : record.refusals + 1) - 1;
  const spreadMs = random * Math.min(policy.maxWaitMs, policy.minWaitMs * 2 ** Math.min(exponent, 30));
  // Who says when to come back is not asked before; the spread comes on top, since everybody was told the same.
  const atMs = nowMs + askedMs + Math.ceil(spreadMs);
  return atMs >= deadlineOf(policy, record) ? { kind: 'failed' } : { kind: 'retry', atMs, counts };
}

/** Whether there was no room for the call, so that the function has not done anything for it. */
export function wasRefused(attempt: Attempt): boolean {
  return attempt.kind === 'answered' ? attempt.answer.status === 429 : NOT_BEGUN.has(attempt.code);
}

/** Whether fewer calls at a time would have been better. */
export function asksForLess(attempt: Attempt): boolean {
  return wasRefused(attempt) || (attempt.kind === 'answered' && attempt.answer.status === 503);
}

/** What of an attempt is kept in the record. */
export function outcomeOf(attempt: Attempt, durationMs: number): AttemptOutcome {
  if (attempt.kind === 'failed') return { code: attempt.code, message: attempt.message, durationMs };
  const { status, body } = attempt.answer;
  if (body === undefined) return { status, code: 'body-too-large', message: 'the answer was longer than what is kept of one', durationMs };
  return status < 400 ? { status, durationMs } : { status, message: `the function answered ${status}`, durationMs };
}

function isWorthAnother({ codes }: RetryPolicy, attempt: Attempt): boolean {
  return attempt.kind === 'answered' ? codes.includes(attempt.answer.status) : !FINAL.has(attempt.code);
}

/** Seconds or a date (RFC 9110 §10.2.3). */
function retryAfterMs(attempt: Attempt, nowMs: number): number | undefined {
  if (attempt.kind === 'failed') return attempt.retryAfterSeconds === undefined ? undefined : attempt.retryAfterSeconds * 1_000;
  const text = headerOf(attempt.answer.headers, 'retry-after')?.trim();
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

function readCount(annotations: Annotations, name: string, { fallback, least, most }: { fallback: number; least: number; most: number }): number {
  const text = annotations[name];
  if (text === undefined) return fallback;
  const value = /^\d{1,6}$/.test(text.trim()) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) throw invalid(name, `must be a whole number from ${least} to ${most}`);
  return value;
}

function readCodes(annotations: Annotations): readonly number[] {
  const text = annotations[`${RETRY}codes`];
  if (text === undefined) return DEFAULT_CODES;
  if (text.length > MAX_CODES_LENGTH) throw invalid(`${RETRY}codes`, `is longer than ${MAX_CODES_LENGTH} characters`);
  const codes = text.split(',').map((code) => code.trim()).filter(Boolean);
  if (!codes.every((code) => /^[45]\d\d$/.test(code))) throw invalid(`${RETRY}codes`, 'must be statuses from 400 to 599 with commas between them');
  return codes.map(Number);
}

function readDuration(annotations: Annotations, name: string, fallbackMs: number): number {
  const text = annotations[RETRY + name];
  if (text === undefined) return fallbackMs;
  const ms = parseDurationMs(text);
  if (!ms) throw invalid(RETRY + name, 'must be a duration such as 10s');
  return ms;
}

function invalid(name: string, problem: string): ShoalError {
  return new ShoalError('invalid-request', `annotations.${name} ${problem}`);
}
