import { randomUUID } from 'node:crypto';
import { endToEndHeaders, endToEndLines, HOP_BY_HOP, plainLines } from '@shoal/adapters/http/end-to-end-headers';
import type { Exchange } from '@shoal/adapters/http/exchange';
import type { HeaderBlock } from '@shoal/adapters/http/header-block';
import { WATCHDOG_MARGIN_MS } from '@shoal/adapters/http/replica-address';
import type { Call } from '@shoal/domain/invocation/calls';
import { parseDurationMs } from '@shoal/domain/shared/duration';
import { PEER_HEADERS } from '../peer-headers';
import { isSignedIn, withoutSessionCookie } from '../session-cookie';
import { newTrace } from './new-trace';

/** Set by us, whatever the caller said; or, as the portal's token, none of the function's business. */
const NOT_FOR_FUNCTIONS = HOP_BY_HOP.with('host', 'expect', 'content-length', 'x-call-id', 'x-start-time', 'x-timeout', 'x-shoal-session', ...PEER_HEADERS);
/** Set by us, whatever the function said; or, as the right to stand between a browser and the portal, not for it to give. */
export const NOT_FOR_CALLERS = HOP_BY_HOP.with('x-call-id', 'x-start-time', 'x-shoal-answered-by', 'service-worker-allowed');
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

export function identify(exchange: Exchange): CallIdentity {
  const startedMs = Date.now();
  return { callId: chosenIdOf(exchange) ?? randomUUID(), startedMs, startTime: `${startedMs}000000`, signedIn: hasSignedInCookie(exchange.headers) };
}

/** The caller's own id, when it gave one that can be used. */
export function chosenIdOf(exchange: Exchange): string | undefined {
  const { headers } = exchange;
  const at = headers.indexOf('x-call-id');
  // Of two, the function and the log could take different ones.
  if (at < 0 || headers.indexOf('x-call-id', at + 1) >= 0) return undefined;
  const given = headers.value(at);
  return CALL_ID.test(given) ? given : undefined;
}

/** The lines of headers that the function gets (wire contract §1.5.3), but for `Host`; `limitMs` is how long it may take. */
export function requestLines(exchange: Exchange, { callId, startTime, signedIn }: CallIdentity, limitMs: number): string {
  const kept = signedIn ? plainLines(callersOwn(exchange, signedIn)) : endToEndLines(exchange.headers, NOT_FOR_FUNCTIONS);
  const told = plainLines(toldOfCaller(exchange));
  return `${kept}${told}X-Call-Id: ${callId}\r\nX-Start-Time: ${startTime}\r\nX-Timeout: ${watchdogLimitMs(exchange, limitMs)}ms\r\n`;
}

/** What the function gets of the caller's headers, and is told of the caller; flat. */
export function callerHeaders(exchange: Exchange, signedIn: boolean): string[] {
  return [...callersOwn(exchange, signedIn), ...toldOfCaller(exchange)];
}

/** Headers that every answer to a call carries, flat. */
export function answerHeaders({ callId, startTime, signedIn }: CallIdentity, call: Call): string[] {
  const headers = ['X-Call-Id', callId, 'X-Start-Time', startTime, 'Server-Timing', receiptOf(call)];
  if (signedIn) headers.push(...SANDBOX);
  return headers;
}

function receiptOf(call: Call): string {
  const execMs = call.elapsedMs() - call.queuedMs - call.wokenMs - call.gatewayMs;
  return `queue;dur=${tenths(call.queuedMs)}, wake;dur=${tenths(call.wokenMs)}, exec;dur=${tenths(execMs)}, gateway;dur=${tenths(call.gatewayMs)}`;
}

function callersOwn(exchange: Exchange, signedIn: boolean): string[] {
  const headers = endToEndHeaders(exchange.rawHeaders, NOT_FOR_FUNCTIONS);
  return signedIn ? withoutSession(headers) : headers;
}

function toldOfCaller(exchange: Exchange): string[] {
  const headers: string[] = [];
  const host = exchange.header('host');
  if (host !== undefined && exchange.header('x-forwarded-host') === undefined) headers.push('X-Forwarded-Host', host);
  if (exchange.header('x-forwarded-for') === undefined) headers.push('X-Forwarded-For', peerOf(exchange));
  if (exchange.header('traceparent') === undefined) headers.push('traceparent', newTrace());
  return headers;
}

function hasSignedInCookie(headers: HeaderBlock): boolean {
  for (let at = headers.indexOf('cookie'); at >= 0; at = headers.indexOf('cookie', at + 1)) {
    if (isSignedIn(headers.value(at))) return true;
  }
  return false;
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

function watchdogLimitMs(exchange: Exchange, limitMs: number): number {
  const asked = exchange.header('x-timeout');
  const askedMs = asked === undefined ? undefined : parseDurationMs(asked);
  return Math.ceil(Math.min(askedMs || Infinity, limitMs + WATCHDOG_MARGIN_MS));
}

function peerOf({ peer: { address, port } }: Exchange): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** With one digit behind the point; `toFixed` takes ten times as long. */
function tenths(ms: number): string {
  const rounded = Math.round(ms * 10);
  return `${Math.trunc(rounded / 10)}.${Math.abs(rounded % 10)}`;
}
