import type { FunctionId } from '../functions/function-spec';

export interface LogLine {
  readonly name: string;
  readonly namespace: string;
  /** The replica it came from. */
  readonly instance: string;
  /** RFC 3339. */
  readonly timestamp: string;
  /** One line, without its line break. */
  readonly text: string;
}

export interface LogQuery {
  readonly id: FunctionId;
  /** Only lines of this replica. */
  readonly instance?: string;
  /** Only lines after this moment, in milliseconds since the Unix epoch. */
  readonly sinceMs?: number;
  /** Only the last so many of the past; all when absent. */
  readonly tail?: number;
  /** Go on with new lines until the reader's signal. */
  readonly follow: boolean;
}

/** Says when to stop; the web's `AbortSignal` is one. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
}

/** The lines that a function's processes wrote, oldest first. */
export interface LogSource {
  /**
   * Ends after the past unless `follow`; `signal` ends it at any moment, also while it waits for a line.
   * Rejects with `backend-unavailable` at the first read.
   */
  read(query: LogQuery, signal: StopSignal): AsyncIterable<LogLine>;
}
