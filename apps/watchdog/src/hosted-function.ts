import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { parseDurationMs } from '@shoal/domain/shared/duration';
import type { ErrorCode } from '@shoal/domain/shared/errors';

/** One function as the watchdog serves it, whatever its mode. */
export interface HostedFunction {
  readonly inFlight: number;
  /** Whether it can take calls now. */
  readonly ready: boolean;
  /** Why not, when that is no mere matter of time. */
  readonly failure: string | undefined;
  /** Answers one call. Never rejects. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /** Answers a call that asks for another protocol. Never rejects. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  /** Ends its processes for good; resolves when they are dead. */
  stop(): Promise<void>;
}

/** An answer of the watchdog's own. */
export interface OwnAnswer {
  readonly status: number;
  /** Which of our errors it is; says that the function did not answer. */
  readonly code: ErrorCode;
  readonly text: string;
  /** The limit that was hit, by its setting: `exec_timeout=2s`. */
  readonly limit?: string;
}

/** Headers of an answer of the watchdog's own, flat. */
export function ownHeaders(answer: OwnAnswer): string[] {
  return [
    'Content-Type', 'text/plain; charset=utf-8',
    'Content-Length', String(Buffer.byteLength(answer.text)),
    'X-Shoal-Error', answer.code,
    'X-Shoal-Layer', 'watchdog',
    ...(answer.limit ? ['X-Shoal-Limit', answer.limit] : []),
  ]; // prettier-ignore
}

/** Sends it, unless the caller has left or has had its answer. */
export function sendOwn(res: ServerResponse, answer: OwnAnswer): void {
  if (res.headersSent || res.destroyed) return;
  const headers = ownHeaders(answer);
  // What is left of the request is not read to its end: the connection cannot serve another.
  if (!res.req.complete) headers.push('Connection', 'close');
  res.writeHead(answer.status, headers);
  res.end(answer.text);
}

/** How long a call may take, and what says so. */
export interface CallLimit {
  /** 0: no limit. */
  readonly ms: number;
  readonly name: 'exec_timeout' | 'X-Timeout';
}

/** `exec_timeout`, unless the request's `X-Timeout` header asks for less (§5.2.2). */
export function callLimit(req: IncomingMessage, { execTimeoutMs }: { readonly execTimeoutMs: number }): CallLimit {
  const asked = parseDurationMs(String(req.headers['x-timeout'] ?? ''));
  if (asked !== undefined && asked > 0 && (execTimeoutMs === 0 || asked < execTimeoutMs)) return { ms: asked, name: 'X-Timeout' };
  return { ms: execTimeoutMs, name: 'exec_timeout' };
}

export function tooManyCalls(maxInflight: number): OwnAnswer {
  return {
    status: 429,
    code: 'over-capacity',
    text: `Concurrent request limit exceeded. Max concurrent requests: ${maxInflight}\n`,
    limit: `max_inflight=${maxInflight}`,
  };
}

/** Seconds as the contract writes them: six decimals. */
export function durationSeconds(ms: number): string {
  return (ms / 1_000).toFixed(6);
}
