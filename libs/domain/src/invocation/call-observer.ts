import type { ErrorCode } from '../shared/errors';

/** How a call ended: the status that the function answered with, or why there is none. */
export type CallOutcome = number | ErrorCode;

/** Told of every call to a function that exists. Must neither throw nor take long: it runs on the way of each call. */
export interface CallObserver {
  /** Before the call waits for anything, so that waiting counts as load. */
  started(functionKey: string): void;
  /** @param waitedMs the part of `durationMs` that was over before a replica got the call. */
  ended(functionKey: string, outcome: CallOutcome, durationMs: number, waitedMs: number): void;
}

/** One observer that tells several, in order. */
export function observers(...all: readonly CallObserver[]): CallObserver {
  return {
    started: (functionKey) => {
      for (const one of all) one.started(functionKey);
    },
    ended: (functionKey, outcome, durationMs, waitedMs) => {
      for (const one of all) one.ended(functionKey, outcome, durationMs, waitedMs);
    },
  };
}
