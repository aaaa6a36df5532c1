import type { ErrorCode } from '../shared/errors';

/** How a call ended: the status that the function answered with, or why there is none. */
export type CallOutcome = number | ErrorCode;

/** Told of every call to a function that exists. Must neither throw nor take long: it runs on the way of each call. */
export interface CallObserver {
  /** Before the call waits for anything, so that waiting counts as load. */
  started(functionKey: string): void;
  ended(functionKey: string, outcome: CallOutcome, durationMs: number): void;
}
