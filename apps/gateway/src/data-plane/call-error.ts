import type { Exchange } from '@shoal/adapters/http/exchange';
import { ShoalError } from '@shoal/domain/shared/errors';
import { httpStatusOf } from '../http-status';

/** Says that no function has answered. Functions cannot say it: theirs is taken away. */
const ANSWERED_BY = 'X-Shoal-Answered-By';

/** Answers a call in the gateway's own name, unless its answer has begun. Anything that is not ours becomes `internal`, without its message. */
export function sendCallError(exchange: Exchange, error: unknown, callId: string, answerHeaders: readonly string[] = []): void {
  if (exchange.headSent || exchange.closed) return;
  const known = error instanceof ShoalError ? error : new ShoalError('internal', 'the gateway failed; its log says more');
  const { code, message, facts } = known;
  const { layer = 'gateway', retryAfterSeconds, ...limits } = facts;
  const headers = ['Content-Type', 'application/json', 'X-Shoal-Error', code, ANSWERED_BY, 'gateway'];
  if (retryAfterSeconds !== undefined) headers.push('Retry-After', String(retryAfterSeconds));
  exchange.send(httpStatusOf[code], [...headers, ...answerHeaders], `${JSON.stringify({ code, message, callId, layer, ...limits })}\n`);
}
