import type { CallRecord, CallState } from '@shoal/domain/queue/queued-call';
import { isFunctionKey, isId } from './names';

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const STATES: ReadonlySet<unknown> = new Set<CallState>(['queued', 'running', 'retrying', 'succeeded', 'failed', 'cancelled']);
const CALLBACK_STATES: ReadonlySet<unknown> = new Set<NonNullable<CallRecord['callback']>['state']>(['pending', 'delivered', 'failed']);

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isCount: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
/** Of a message in a stream: the server takes no other number for one. */
const isSequence: Check = (value) => Number.isSafeInteger(value) && Number(value) > 0;
const isStatus: Check = (value) => Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 999;
const isCalled: Check = (value) => typeof value === 'string' && isId(value);
const isFunction: Check = (value) => typeof value === 'string' && isFunctionKey(value);
const listOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);
const isHeaders: Check = (value) => listOf(isText)(value) && (value as unknown[]).length % 2 === 0;
const optional = (check: Check): Check => (value) => value === undefined || check(value);
const shape = (checks: Readonly<Record<string, Check>>): Check => (value) =>
  typeof value === 'object' && value !== null && Object.entries(checks).every(([name, check]) => check(Object.hasOwn(value, name) ? (value as Fields)[name] : undefined));

/** Of a call without its body. */
export const isCall = shape({
  id: isCalled,
  idChosen: isFlag,
  functionKey: isFunction,
  method: isText,
  rest: isText,
  headers: isHeaders,
  callbackUrl: optional(isText),
  acceptedMs: isCount,
  retry: shape({ attempts: isCount, codes: listOf(isCount), minWaitMs: isCount, maxWaitMs: isCount, deadlineMs: isCount }),
  concurrency: (value) => isCount(value) && Number(value) >= 1,
});

export const isRecord = shape({
  id: isCalled,
  idChosen: isFlag,
  functionKey: isFunction,
  state: (value) => STATES.has(value),
  acceptedMs: isCount,
  redrivenMs: optional(isCount),
  attempts: isCount,
  refusals: isCount,
  startedMs: optional(isCount),
  endedMs: optional(isCount),
  nextAttemptMs: optional(isCount),
  outcome: optional(shape({ status: optional(isStatus), code: optional(isText), message: optional(isText), durationMs: isCount })),
  callback: optional(shape({ url: isText, state: (value) => CALLBACK_STATES.has(value), attempts: isCount, status: optional(isStatus), message: optional(isText) })),
});

/** Of an answer without its body. */
export const isAnswer = shape({ status: isStatus, headers: isHeaders });

/** What a call that is sent again begins with. */
export const isAgain = shape({ record: isRecord, letter: isSequence });
