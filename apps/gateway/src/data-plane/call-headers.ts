import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { endToEndHeaders } from '@shoal/adapters/http/end-to-end-headers';
import { WATCHDOG_MARGIN_MS } from '@shoal/adapters/http/replica-address';
import type { Call } from '@shoal/domain/invocation/calls';
import { parseDurationMs } from '@shoal/domain/shared/duration';
import { isSignedIn, withoutSessionCookie } from '../session-cookie';

/** Set by us, whatever the caller said; or, as the portal's token, none of the function's business. */
const REPLACED_IN_REQUEST: ReadonlySet<string> = new Set(['host', 'expect', 'x-call-id', 'x-start-time', 'x-timeout', 'x-shoal-session']);
/** Set by us, whatever the function said; or, as the right to stand between a browser and the portal, not for it to give. */
export const REPLACED_IN_ANSWER: ReadonlySet<string> = new Set(['x-call-id', 'x-start-time', 'x-shoal-answered-by', 'service-worker-allowed']);
/** What a function serves to a browser that is signed in to the portal runs as a page of no origin, so not of the portal's. */
const SANDBOX = ['Content-Security-Policy', 'sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts', 'Vary', 'Cookie'] as const;
/** A caller's own id is kept when it is fit for logs and URLs. */
const CALL_ID = /^[\w.:-]{1,128}$/;

/** What identifies one call in headers, logs and errors. */
export interface CallIdentity {
  readonly callId: string;
  /** Milliseconds since the Unix epoch. */
  readonly startedMs: number;
  /** Nanoseconds since the Unix epoch, as text (wire contract §1.5.3). */
  readonly startTime: string;
  /** Whether it comes from a browser that is signed in to the portal. */
  readonly signedIn: boolean;
}

export function identify(req: IncomingMessage): CallIdentity {
  const startedMs = Date.now();
  const signedIn = isSignedIn(req.headers.cookie);
  return { callId: chosenIdOf(req) ?? randomUUID(), startedMs, startTime: `${startedMs}000000`, signedIn };
}

/** The caller's own id, when it gave one that can be used. */
export function chosenIdOf({ headers }: IncomingMessage): string | undefined {
  const given = headers['x-call-id'];
  return typeof given === 'string' && CALL_ID.test(given) ? given : undefined;
}

/** The headers that the function gets (wire contract §1.5.3), flat; `limitMs` is how long it may take. */
export function requestHeaders(req: IncomingMessage, { callId, startTime, signedIn }: CallIdentity, limitMs: number): string[] {
  const headers = callerHeaders(req, signedIn);
  headers.push('X-Call-Id', callId, 'X-Start-Time', startTime, 'X-Timeout', `${watchdogLimitMs(req, limitMs)}ms`);
  return headers;
}

/** What the function gets of the caller's headers, and is told of the caller; flat. */
export function callerHeaders(req: IncomingMessage, signedIn: boolean): string[] {
  const all = endToEndHeaders(req.rawHeaders, REPLACED_IN_REQUEST);
  const headers = signedIn ? withoutSession(all) : all;
  const given = req.headers;
  if (given['x-forwarded-host'] === undefined && given.host !== undefined) headers.push('X-Forwarded-Host', given.host);
  if (given['x-forwarded-for'] === undefined) headers.push('X-Forwarded-For', peerOf(req));
  if (given['traceparent'] === undefined) headers.push('traceparent', newTrace());
  return headers;
}

/** Headers that every answer to a call carries, flat. */
export function answerHeaders({ callId, startTime, signedIn }: CallIdentity, call: Call): string[] {
  const elapsedMs = call.elapsedMs();
  const execMs = elapsedMs - call.queuedMs - call.wokenMs - call.gatewayMs;
  const receipt =
    `queue;dur=${call.queuedMs.toFixed(1)}, wake;dur=${call.wokenMs.toFixed(1)}, ` +
    `exec;dur=${execMs.toFixed(1)}, gateway;dur=${call.gatewayMs.toFixed(1)}`;
  const headers = ['X-Call-Id', callId, 'X-Start-Time', startTime, 'Server-Timing', receipt];
  if (signedIn) headers.push(...SANDBOX);
  return headers;
}

function withoutSession(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i]!, headers[i + 1]!];
    const rest = name.toLowerCase() === 'cookie' ? withoutSessionCookie(value) : value;
    if (rest !== undefined) kept.push(name, rest);
  }
  return kept;
}

function watchdogLimitMs(req: IncomingMessage, limitMs: number): number {
  const asked = req.headers['x-timeout'];
  const askedMs = typeof asked === 'string' ? parseDurationMs(asked) : undefined;
  return Math.ceil(Math.min(askedMs || Infinity, limitMs + WATCHDOG_MARGIN_MS));
}

function peerOf({ socket }: IncomingMessage): string {
  const { remoteAddress = '', remotePort = 0 } = socket;
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

/** A W3C trace context that begins here. */
function newTrace(): string {
  const [traceId, spanId] = [randomUUID(), randomUUID()].map((id) => id.replaceAll('-', ''));
  return `00-${traceId}-${spanId!.slice(16)}-01`;
}
