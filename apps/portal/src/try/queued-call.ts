import { request } from '../api/client';
import { readEvents } from '../live/read-events';
import type { Answer } from './answer';

/** An asynchronous call as it stands: what of `GET /async-function/calls/ID` is used here. */
export interface QueuedCall {
  readonly id: string;
  readonly state: 'queued' | 'running' | 'retrying' | 'succeeded' | 'failed' | 'cancelled';
  readonly acceptedAt: string;
  readonly endedAt?: string;
  readonly nextAttemptAt?: string;
  readonly attempts: number;
  readonly outcome?: { readonly status?: number; readonly code?: string; readonly message?: string; readonly durationMs: number };
  readonly result?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, readonly string[]>>;
    /** Absent when it was longer than what is kept. */
    readonly body?: string;
    readonly encoding?: 'utf8' | 'base64';
  };
}

/** The gateway says something each 15 s. */
const SILENCE_MS = 40_000;

/** Follows a call until it has ended, telling each step. Resolves with how it ended and what came of it. Rejects with `ApiError`. */
export async function followCall(id: string, signal: AbortSignal, onStep: (call: QueuedCall) => void): Promise<QueuedCall> {
  const path = pathOf(id);
  await readEvents(path, { silenceMs: SILENCE_MS, signal }, (_state, call) => onStep(call as QueuedCall));
  signal.throwIfAborted();
  return request<QueuedCall>('GET', path, { signal });
}

export async function cancelCall(id: string): Promise<void> {
  await request('DELETE', pathOf(id));
}

export function hasEnded({ state }: QueuedCall): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/** What the function answered in the last attempt; `undefined` when it gave no answer. */
export function answerOf({ id, result, outcome }: QueuedCall): Answer | undefined {
  if (!result) return undefined;
  const { status, headers, body, encoding } = result;
  return {
    status,
    statusText: '',
    headers: Object.entries(headers).flatMap(([name, values]) => values.map((value) => ({ name, value }))),
    body: body === undefined ? new Uint8Array() : encoding === 'base64' ? Uint8Array.from(atob(body), (char) => char.charCodeAt(0)) : new TextEncoder().encode(body),
    ...(body === undefined ? { cut: 'The gateway did not keep the body: it was longer than SHOAL_ASYNC_MAX_BODY.' } : {}),
    elapsedMs: outcome?.durationMs ?? 0,
    callId: id,
  };
}

function pathOf(id: string): string {
  return `async-function/calls/${encodeURIComponent(id)}`;
}
