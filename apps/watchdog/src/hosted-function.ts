import { HOP_BY_HOP } from '@shoal/adapters/http/end-to-end-headers';
import type { Exchange } from '@shoal/adapters/http/exchange';
import { describeOutOfMemory, formatMemory } from '@shoal/domain/processes/out-of-memory';
import type { OutOfMemory } from '@shoal/domain/processes/process-spawner';
import { formatDuration, parseDurationMs } from '@shoal/domain/shared/duration';
import type { ErrorCode } from '@shoal/domain/shared/errors';

/** One function as the watchdog serves it, whatever its mode. */
export interface HostedFunction {
  readonly inFlight: number;
  /** Whether it can take calls now. */
  readonly ready: boolean;
  /** Why not, when that is no mere matter of time. */
  readonly failure: string | undefined;
  /** Answers one call. Never rejects; resolves when nothing of the call goes on. */
  handle(exchange: Exchange): Promise<void>;
  /** Answers whether the function is ready, when it has something of its own to say about that. */
  answerReady?(exchange: Exchange): Promise<void>;
  /** Ends its processes for good; resolves when they are dead. */
  stop(): Promise<void>;
}

/** An answer of the watchdog's own. */
export interface OwnAnswer {
  readonly status: number;
  /** Which of our errors it is; says that the function did not answer. */
  readonly code: ErrorCode;
  readonly text: string;
  /** The limit that was hit, by its setting: `exec_timeout=2s`, `memory=64Mi`. */
  readonly limit?: string;
}

/** Headers that say that the watchdog answered; a function cannot, so they are taken off its answers. In lower case. */
export const OWN_HEADERS = HOP_BY_HOP.with('x-shoal-error', 'x-shoal-layer', 'x-shoal-limit', 'x-openfaas-internal');

/** Sends it, unless the caller has left or has had its answer. */
export function sendOwn(exchange: Exchange, answer: OwnAnswer): void {
  if (exchange.headSent || exchange.closed) return;
  // What is left of the request is not read to its end: the connection cannot serve another.
  if (!exchange.complete) exchange.keepAlive = false;
  const headers = [
    'Content-Type', 'text/plain; charset=utf-8',
    'X-Shoal-Error', answer.code,
    'X-Shoal-Layer', 'watchdog',
    // The name under which clients of the newer original know our own answers.
    'X-OpenFaaS-Internal', 'of-watchdog',
  ]; // prettier-ignore
  if (answer.limit) headers.push('X-Shoal-Limit', answer.limit);
  exchange.send(answer.status, headers, answer.text);
}

/** How long a call may take, and what says so. */
export interface CallLimit {
  /** 0: no limit. */
  readonly ms: number;
  readonly name: 'exec_timeout' | 'write_timeout' | 'X-Timeout';
}

/** The shortest of `exec_timeout`, `write_timeout`, and what the request's `X-Timeout` header asks for (§5.2.2). */
export function callLimit(exchange: Exchange, settings: { readonly execTimeoutMs: number; readonly writeTimeoutMs: number }): CallLimit {
  let limit: CallLimit = { ms: settings.execTimeoutMs, name: 'exec_timeout' };
  const shorter = (ms: number) => ms > 0 && (limit.ms === 0 || ms < limit.ms);
  if (shorter(settings.writeTimeoutMs)) limit = { ms: settings.writeTimeoutMs, name: 'write_timeout' };
  const header = exchange.header('x-timeout');
  const asked = header === undefined ? undefined : parseDurationMs(header);
  if (asked !== undefined && shorter(asked)) limit = { ms: asked, name: 'X-Timeout' };
  return limit;
}

/** `exec_timeout=2s`. */
export function describeLimit({ name, ms }: CallLimit): string {
  return `${name}=${formatDuration(ms)}`;
}

export function tooManyCalls(maxInflight: number): OwnAnswer {
  return {
    status: 429,
    code: 'over-capacity',
    text: `Concurrent request limit exceeded. Max concurrent requests: ${maxInflight}\n`,
    limit: `max_inflight=${maxInflight}`,
  };
}

/** For a call whose process the system has killed. `exit` stands before the sentence, `output` after it. */
export function ranOutOfMemory(outOfMemory: OutOfMemory, exit = '', output = ''): OwnAnswer {
  const { limitBytes } = outOfMemory;
  return {
    status: 500,
    code: 'out-of-memory',
    text: `${exit}the function ${describeOutOfMemory(outOfMemory)}\n${output}`,
    ...(limitBytes === undefined ? {} : { limit: `memory=${formatMemory(limitBytes)}` }),
  };
}

/** The call's id, as log lines name it. */
export function callIdOf(exchange: Exchange): string {
  return exchange.header('x-call-id') ?? 'none';
}

/** Seconds as the contract writes them: six decimals. */
export function durationSeconds(ms: number): string {
  return (ms / 1_000).toFixed(6);
}
