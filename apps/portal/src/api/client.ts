import { sessionEnded, sessionToken } from '../session';
import { ApiError, errorOf } from './api-error';
import { API_TIMEOUT_MS, failureOf, readText } from './failure-of';
import { noteServerTime } from './server-clock';

export interface RequestOptions {
  readonly body?: unknown;
  /** Aborts it, besides the limit of time. */
  readonly signal?: AbortSignal;
}

/** An absolute URL of the gateway. Not from `location.href`: that may hold a password, which `fetch` refuses and nobody should see. */
export function gatewayUrl(path: string): string {
  return new URL(`../${path}`, location.origin + location.pathname).href;
}

/** Asks the API, and parses the answer as JSON (`undefined` when it is empty). Rejects with `ApiError`. */
export async function request<T>(method: string, path: string, { body, signal }: RequestOptions = {}): Promise<T> {
  const limit = AbortSignal.timeout(API_TIMEOUT_MS);
  const either = signal ? AbortSignal.any([signal, limit]) : limit;
  const response = await open(method, path, {
    signal: either,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
  const text = await readText(response, either);
  if (text === '') return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ApiError(response.status, 'the gateway answered with something that is not JSON');
  }
}

/** Asks the API and resolves with a good answer as soon as its head is there. Rejects with `ApiError`. */
export async function open(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('Accept', headers.get('Accept') ?? 'application/json, application/problem+json, text/plain');
  const token = sessionToken();
  if (token) headers.set('X-Shoal-Session', token);
  let response: Response;
  try {
    response = await fetch(gatewayUrl(path), { ...init, method, headers, cache: 'no-store', credentials: 'same-origin' });
  } catch (error) {
    throw failureOf(error, 'the gateway cannot be reached', init.signal);
  }
  noteServerTime(response.headers.get('Date'));
  if (response.ok) return response;
  if (response.status === 401 && path !== 'ui/session') sessionEnded();
  throw await errorOf(response);
}
