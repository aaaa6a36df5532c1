import { STATUS_CODES } from 'node:http';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { httpStatusOf } from '../http-status';
import { isSignedIn } from '../session-cookie';
import { MAX_BODY_BYTES } from './json-body';
import { answerUnknown } from './unknown-route';

/** Of what is wrong with one body: a list may have something wrong in each item. */
const MAX_MESSAGES = 20;

/** An error as the control plane answers it. */
interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Every error of the control plane: plain text, as the contract has it, or a problem document for who accepts one. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  /** @param patterns of all routes, to tell a wrong method from a wrong path. */
  constructor(private readonly patterns: ReadonlySet<string>) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (request.is404) answerUnknown(request, reply, this.patterns);
    else sendError(request, reply, error);
  }
}

export function sendError(request: FastifyRequest, reply: FastifyReply, error: unknown): void {
  const answer = answerTo(error);
  if (answer.status >= 500) console.error(`${request.method} ${request.routeOptions.url ?? request.url} failed:`, error);
  if (reply.sent) return;
  void reply.status(answer.status).header('X-Content-Type-Options', 'nosniff');
  if (answer.status === 401 && !isBrowser(request)) void reply.header('WWW-Authenticate', 'Basic realm="Restricted"');
  if (answer.status === 405) {
    void reply.send();
    return;
  }
  if (error instanceof ShoalError && error.facts.retryAfterSeconds !== undefined) {
    void reply.header('Retry-After', String(error.facts.retryAfterSeconds));
  }
  if (request.headers.accept?.includes('application/problem+json')) {
    const { status, code, message } = answer;
    void reply.type('application/problem+json').send(JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, code, detail: message }));
    return;
  }
  void reply.type('text/plain; charset=utf-8').send(`${answer.message}\n`);
}

/**
 * A browser that was once asked for basic credentials sends them with everything, also for the pages of functions. The
 * portal asks for them itself.
 */
function isBrowser({ url, headers }: FastifyRequest): boolean {
  const says = headers['x-shoal-session'] !== undefined || headers['sec-fetch-site'] !== undefined || headers.accept?.includes('text/html') === true;
  return says || isSignedIn(headers.cookie) || /^\/ui\/session(\?|$)/.test(url);
}

function answerTo(error: unknown): Answer {
  if (error instanceof ShoalError) return { status: httpStatusOf[error.code], code: error.code, message: error.message };
  const status = statusOf(error);
  if (status >= 500) return { status, code: 'internal', message: 'the gateway failed; its log says more' };
  if (status === 413) return { status, code: 'body-too-large', message: `the body is larger than ${MAX_BODY_BYTES} bytes` };
  if (status === 414) return { status, code: 'uri-too-long', message: 'a segment of the path is too long' };
  if ((error as { code?: unknown }).code === 'FST_ERR_BAD_URL') return { status, code: 'invalid-request', message: 'the path cannot be decoded: after each % there must be two hex digits, of UTF-8' };
  return { status, code: 'invalid-request', message: messagesOf(error) };
}

/** Of Nest's exceptions and of Fastify's errors. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : 500;
}

function messagesOf(error: unknown): string {
  if (!(error instanceof HttpException)) return (error as Error).message;
  const response = error.getResponse();
  const messages = typeof response === 'object' && 'message' in response ? (response.message as string | string[]) : error.message;
  const all = [messages].flat();
  const left = all.length - MAX_MESSAGES;
  return all.slice(0, MAX_MESSAGES).join('; ') + (left > 0 ? `; and ${left} more` : '');
}
