import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ShoalError } from '@shoal/domain/shared/errors';
import { httpStatusOf } from '../http-status';

/** Says that no function has answered. Functions cannot say it: theirs is taken away. */
const ANSWERED_BY = 'X-Shoal-Answered-By';

/** An answer to a call that the gateway makes itself, so that it can be told from the function's. */
export interface CallErrorAnswer {
  readonly status: number;
  /** Flat. */
  readonly headers: string[];
  readonly body: string;
}

/** Anything that is not ours becomes `internal`, without its message. */
export function callErrorAnswer(error: unknown, callId: string): CallErrorAnswer {
  const known = error instanceof ShoalError ? error : new ShoalError('internal', 'the gateway failed; its log says more');
  const { code, message, facts } = known;
  const { layer = 'gateway', retryAfterSeconds, ...limits } = facts;
  const body = `${JSON.stringify({ code, message, callId, layer, ...limits })}\n`;
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body)), 'X-Shoal-Error', code, ANSWERED_BY, 'gateway'];
  if (retryAfterSeconds !== undefined) headers.push('Retry-After', String(retryAfterSeconds));
  return { status: httpStatusOf[code], headers, body };
}

export function sendCallError(res: ServerResponse, error: unknown, callId: string, answerHeaders: readonly string[]): void {
  if (res.headersSent || res.destroyed) return;
  const { status, headers, body } = callErrorAnswer(error, callId);
  headers.push(...answerHeaders);
  // What is left of the request is not read to its end: the connection cannot serve another.
  if (!res.req.complete) headers.push('Connection', 'close');
  res.writeHead(status, headers);
  res.end(body);
}

/** As `sendCallError`, where there is no response object (an upgrade, a request that cannot be read). */
export function sendCallErrorRaw(socket: Duplex, error: unknown, callId: string): void {
  if (socket.destroyed || !socket.writable) return;
  const { status, headers, body } = callErrorAnswer(error, callId);
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\nConnection: close\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  socket.end(`${head}\r\n${body}`);
}
