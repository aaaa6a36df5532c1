import type { Clock } from '../shared/clock';
import { ERROR_CODES } from '../shared/errors';
import type { CallObserver, CallOutcome } from './call-observer';

/** Numbers of one batch; a call takes six. */
const MAX_NUMBERS = 6 * 1_024;
const NUMBERS_OF_ENDED = 4;
/** Codes fit below it, and the index of a key stands above it. */
const CODES = 1_024;
const STARTED = 0;

/** What happened to calls in one process, in order, in a form that is quick to send. */
export interface CallBatch {
  /** Keys of functions. */
  readonly keys: readonly string[];
  /**
   * For each start two numbers, for each end four: the place of the key times `CODES` plus what happened, and when; of an end
   * also how long the call took, and how long of that it waited. What happened is 0 for a start, a status, or the place of an
   * error's code plus 1, which is less than any status. Times are monotonic milliseconds.
   */
  readonly events: Float64Array;
  /** All that happened before this moment is told. */
  readonly untilMs: number;
}

/** Whether it is one that `CallBatchReader` reads to its end: whoever sent it may be in disorder. */
export function isCallBatch(value: unknown): value is CallBatch {
  if (typeof value !== 'object' || value === null) return false;
  const { keys, events, untilMs } = value as Partial<CallBatch>;
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string') || !(events instanceof Float64Array) || !Number.isFinite(untilMs)) return false;
  if (!events.every((number) => number >= 0 && Number.isFinite(number))) return false;
  let at = 0;
  while (at < events.length) {
    const code = events[at]! % CODES;
    if (!Number.isInteger(code) || (events[at]! - code) / CODES >= keys.length) return false;
    at += code === STARTED ? 2 : NUMBERS_OF_ENDED;
  }
  return at === events.length;
}

const codeOf = new Map<CallOutcome, number>(ERROR_CODES.map((code, index) => [code, index + 1]));

/** Writes down what happens to calls, for another process that counts them. */
export class CallLog implements CallObserver {
  private events = new Float64Array(MAX_NUMBERS);
  private length = 0;
  private keys = new Map<string, number>();

  /** @param full what was written has to be taken now. */
  constructor(
    private readonly clock: Clock,
    private readonly full: () => void,
  ) {}

  started(functionKey: string): void {
    const { events } = this;
    events[this.length++] = this.placeOf(functionKey) * CODES + STARTED;
    events[this.length++] = this.clock.monotonicMs();
    if (this.length > MAX_NUMBERS - NUMBERS_OF_ENDED) this.full();
  }

  ended(functionKey: string, outcome: CallOutcome, durationMs: number, waitedMs: number): void {
    const { events } = this;
    events[this.length++] = this.placeOf(functionKey) * CODES + (typeof outcome === 'number' ? outcome : codeOf.get(outcome)!);
    events[this.length++] = this.clock.monotonicMs();
    events[this.length++] = durationMs;
    events[this.length++] = waitedMs;
    if (this.length > MAX_NUMBERS - NUMBERS_OF_ENDED) this.full();
  }

  /** All that was written since it was taken last. */
  take(): CallBatch {
    const batch = { keys: [...this.keys.keys()], events: this.events.slice(0, this.length), untilMs: this.clock.monotonicMs() };
    this.length = 0;
    if (this.keys.size > 0) this.keys = new Map();
    return batch;
  }

  private placeOf(functionKey: string): number {
    let place = this.keys.get(functionKey);
    if (place === undefined) this.keys.set(functionKey, (place = this.keys.size));
    return place;
  }
}

/** One event of a batch. */
export interface CallEvent {
  readonly key: string;
  readonly atMs: number;
  /** `undefined` for a start. */
  readonly outcome: CallOutcome | undefined;
  readonly durationMs: number;
  readonly waitedMs: number;
}

/** Reads a batch from its beginning to its end. */
export class CallBatchReader {
  private next = 0;

  constructor(private readonly batch: CallBatch) {}

  /** When the next event happened; `Infinity` at the end. */
  get nextMs(): number {
    return this.next < this.batch.events.length ? this.batch.events[this.next + 1]! : Infinity;
  }

  read(): CallEvent {
    const { keys, events } = this.batch;
    const at = this.next;
    const head = events[at]!;
    const code = head % CODES;
    const ended = code !== STARTED;
    this.next += ended ? NUMBERS_OF_ENDED : 2;
    return {
      key: keys[(head - code) / CODES]!,
      atMs: events[at + 1]!,
      outcome: ended ? (code > ERROR_CODES.length ? code : ERROR_CODES[code - 1]!) : undefined,
      durationMs: ended ? events[at + 2]! : 0,
      waitedMs: ended ? events[at + 3]! : 0,
    };
  }
}
