import { CliError, type ExitReason } from '../cli-error';
import { UNKNOWN_FUNCTION } from '../gateway/function-name';
import { beginningOf, type Answer } from '../gateway/gateway-client';
import { formatDuration } from '@shoal/domain/shared/duration';

/** What the gateway writes of a call that it could not serve (docs/calls.md). */
interface CallError {
  readonly message?: string;
  readonly layer?: string;
  readonly limitMs?: number;
  readonly elapsedMs?: number;
}

const MAX_SHOWN_BYTES = 64 * 1024;
/** What a code means for who has called; any other is a failure. */
const REASONS: Readonly<Record<string, ExitReason>> = {
  'invalid-request': 'usage',
  'function-not-found': 'notFound',
  'route-not-found': 'notFound',
  'upstream-timeout': 'timeout',
  'exec-timeout': 'timeout',
  'not-ready-in-time': 'timeout',
};
const HINTS: Readonly<Record<string, string>> = {
  'function-not-found': UNKNOWN_FUNCTION.notFound,
  'upstream-timeout': 'upstream_timeout of the gateway is that limit; calls that take longer are for --async, or for a higher one',
  'exec-timeout': 'exec_timeout of the function is that limit',
  'over-capacity': 'try again later, or let it have more replicas: com.openfaas.scale.max',
};

/** The exit reason of a code of ours, as in `X-Shoal-Error`. */
export function reasonOf(code: string): ExitReason {
  return REASONS[code] ?? 'failed';
}

/** The error that a call ends with which was answered by other than 2xx. Reads the body. */
export async function refusalOfCall(answer: Answer, name: string): Promise<CliError> {
  const text = (await beginningOf(answer, MAX_SHOWN_BYTES)).trimEnd();
  const { status, headers } = answer;
  const code = headers['x-shoal-error'];
  if (typeof code === 'string') return ours(code, name, text, { ...answer, status });
  const hint = status === 401 ? 'it asks for credentials of its own, which are given by -H' : `that is the answer of the function itself; what it logged: shoal logs ${name}`;
  return unexpectedStatus(status, text, hint);
}

/** As people know it from faas-cli (wire contract §7.4). */
export function unexpectedStatus(status: number, body: string, hint?: string): CliError {
  return new CliError('failed', `Server returned unexpected status code: ${status} - ${body}`, hint);
}

function ours(code: string, name: string, text: string, { status, headers }: Answer): CliError {
  const { message = text, layer = 'watchdog', limitMs, elapsedMs } = parse(text);
  const limit = limitMs === undefined ? headers['x-shoal-limit'] : formatDuration(limitMs);
  const facts = [`${status} ${code}`, `by the ${layer}`, limit && `limit ${String(limit)}`, elapsedMs !== undefined && `after ${formatDuration(elapsedMs)}`, headers['retry-after'] && `worth another try in ${headers['retry-after']} s`];
  return new CliError(reasonOf(code), `${name} was not served: ${message} (${facts.filter(Boolean).join(', ')})`, HINTS[code]);
}

function parse(text: string): CallError {
  try {
    return (JSON.parse(text) ?? {}) as CallError;
  } catch {
    return {};
  }
}
