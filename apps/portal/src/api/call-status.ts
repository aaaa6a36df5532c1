/** An asynchronous call as the API tells it. */
export interface CallStatus {
  readonly id: string;
  /** `name.namespace` */
  readonly function: string;
  readonly state: 'queued' | 'running' | 'retrying' | 'succeeded' | 'failed' | 'cancelled';
  readonly acceptedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly nextAttemptAt?: string;
  readonly attempts: number;
  readonly refusals: number;
  /** Of the last attempt. */
  readonly outcome?: { readonly status?: number; readonly code?: string; readonly message?: string; readonly durationMs: number };
  readonly callback?: { readonly url: string; readonly state: 'pending' | 'delivered' | 'failed'; readonly attempts: number; readonly status?: number; readonly message?: string };
  readonly result?: CallResult;
}

/** What the function answered, as far as it was kept. */
export interface CallResult {
  readonly status: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Absent when it was longer than what is kept. */
  readonly body?: string;
  readonly encoding?: 'utf8' | 'base64';
}

/** A call that failed for good. */
export interface DeadLetter extends CallStatus {
  readonly method: string;
  readonly path: string;
  readonly bodyBytes: number;
}

/** What waits for one function. */
export interface QueueOfFunction {
  /** `name.namespace` */
  readonly function: string;
  readonly queued: number;
  /** Begun and not ended, running anywhere or waiting to be tried again. */
  readonly unfinished: number;
  readonly running: number;
  readonly callbacks: number;
  readonly dead: number;
  readonly perSecond: number;
  readonly oldestSeconds?: number;
}

/** Where the API has an asynchronous call. */
export function callPath(id: string): string {
  return `async-function/calls/${encodeURIComponent(id)}`;
}

export function hasEnded({ state }: CallStatus): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/** `answered 500`, `no answer: …`. */
export function outcomeInWords({ outcome }: CallStatus): string {
  if (outcome === undefined) return 'not tried yet';
  if (outcome.status !== undefined) return `answered ${outcome.status}`;
  return `no answer: ${outcome.message ?? outcome.code ?? 'unknown'}`;
}
