import type { CallRecord, CallState } from '@shoal/domain/queue/queued-call';
import { isAmount, isFlag, isText, listOf, optional, shape, type Check } from '@shoal/domain/shared/shape';
import { isFunctionKey, isId } from './names';

const STATES: ReadonlySet<unknown> = new Set<CallState>(['queued', 'running', 'retrying', 'succeeded', 'failed', 'cancelled']);
const CALLBACK_STATES: ReadonlySet<unknown> = new Set<NonNullable<CallRecord['callback']>['state']>(['pending', 'delivered', 'failed']);

/** Of a message in a stream: the server takes no other number for one. */
const isSequence: Check = (value) => Number.isSafeInteger(value) && Number(value) > 0;
const isStatus: Check = (value) => Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 999;
const isCalled: Check = (value) => typeof value === 'string' && isId(value);
const isFunction: Check = (value) => typeof value === 'string' && isFunctionKey(value);
const isHeaders: Check = (value) => listOf(isText)(value) && (value as unknown[]).length % 2 === 0;

/** Of a call without its body. */
export const isCall = shape({
  id: isCalled,
  idChosen: isFlag,
  functionKey: isFunction,
  method: isText,
  rest: isText,
  headers: isHeaders,
  callbackUrl: optional(isText),
  acceptedMs: isAmount,
  retry: shape({ attempts: isAmount, codes: listOf(isAmount), minWaitMs: isAmount, maxWaitMs: isAmount, deadlineMs: isAmount }),
  concurrency: (value) => isAmount(value) && Number(value) >= 1,
});

export const isRecord = shape({
  id: isCalled,
  idChosen: isFlag,
  functionKey: isFunction,
  state: (value) => STATES.has(value),
  acceptedMs: isAmount,
  redrivenMs: optional(isAmount),
  attempts: isAmount,
  refusals: isAmount,
  startedMs: optional(isAmount),
  endedMs: optional(isAmount),
  nextAttemptMs: optional(isAmount),
  outcome: optional(shape({ status: optional(isStatus), code: optional(isText), message: optional(isText), durationMs: isAmount })),
  callback: optional(shape({ url: isText, state: (value) => CALLBACK_STATES.has(value), attempts: isAmount, status: optional(isStatus), message: optional(isText) })),
});

/** Of an answer without its body. */
export const isAnswer = shape({ status: isStatus, headers: isHeaders });

/** What a call that is sent again begins with. */
export const isAgain = shape({ record: isRecord, letter: isSequence });
