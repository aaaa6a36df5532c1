import { ApiError } from './api-error';

/** The gateway has so long for an answer, all of it. */
export const API_TIMEOUT_MS = 15_000;

/**
 * What to throw when a request or its answer failed on the way: an `ApiError` in our words, because each browser has others;
 * when `signal` was aborted on purpose, `error` as it is.
 */
export function failureOf(error: unknown, words: string, signal?: AbortSignal | null): unknown {
  if (!signal?.aborted) return new ApiError(0, words);
  const isTimeout = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
  return isTimeout ? new ApiError(0, `no answer within ${API_TIMEOUT_MS / 1_000} seconds`) : error;
}

/** The body of an answer. @param signal of its request. Rejects as `failureOf` says. */
export async function readText(response: Response, signal: AbortSignal): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw failureOf(error, 'the answer of the gateway has broken off', signal);
  }
}
