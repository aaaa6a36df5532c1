import { callPath, type CallStatus } from '../api/call-status';
import { request } from '../api/client';
import { readEvents } from '../live/read-events';
import type { Answer } from './answer';

/** Follows a call until it has ended, telling each step. Resolves with how it ended and what came of it. Rejects with `ApiError`. */
export async function followCall(id: string, signal: AbortSignal, onStep: (call: CallStatus) => void): Promise<CallStatus> {
  const path = callPath(id);
  await readEvents(path, signal, (_state, call) => onStep(call as CallStatus));
  signal.throwIfAborted();
  return request<CallStatus>('GET', path, { signal });
}

export async function cancelCall(id: string): Promise<void> {
  await request('DELETE', callPath(id));
}

/** What the function answered in the last attempt; `undefined` when it gave no answer. */
export function answerOf({ id, result, outcome }: CallStatus): Answer | undefined {
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
