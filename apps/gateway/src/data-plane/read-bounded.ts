import type { ByteBudget } from '@shoal/adapters/http/byte-budget';
import type { Exchange } from '@shoal/adapters/http/exchange';
import { ShoalError } from '@shoal/domain/shared/errors';

/**
 * Reads a body whole. Rejects with `body-too-large`, which names `what` may not be so long, as soon as that is clear; with
 * `over-capacity` when `budget` has no room for it; and with `client-closed` when the caller leaves before.
 */
export async function readBounded(exchange: Exchange, maxBytes: number, what: string, budget?: ByteBudget): Promise<Buffer> {
  const tooLarge = () => new ShoalError('body-too-large', `${what} may have ${maxBytes} bytes at most`);
  if ((exchange.bodyBytes ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const before = exchange.onClosed;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      let failed = false;
      const fail = (error: ShoalError) => {
        failed = true;
        reject(error);
      };
      exchange.onClosed = () => fail(new ShoalError('client-closed', 'the caller left before its request had come whole'));
      exchange.readBody({
        data: (chunk) => {
          if (failed) return;
          if (bytes + chunk.byteLength > maxBytes) return fail(tooLarge());
          if (budget && !budget.take(chunk.byteLength)) return fail(new ShoalError('over-capacity', 'too many bodies are on their way already', { retryAfterSeconds: 1 }));
          bytes += chunk.byteLength;
          chunks.push(chunk);
        },
        end: () => resolve(Buffer.concat(chunks)),
      });
    });
  } finally {
    exchange.onClosed = before;
    budget?.giveBack(bytes);
  }
}
