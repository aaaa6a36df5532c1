import type { ByteSocket } from '@shoal/adapters/http/sockets';
import type { Clock } from '@shoal/domain/shared/clock';

/** At a time: the other side has room for 511 connections that it has not taken yet, for all workers together. */
const MAX_CONNECTING = 32;
/** For waiting and connecting together. */
const LIMIT_MS = 10_000;

/**
 * Makes `connect` one that opens a few connections at a time, whatever is asked for, in order. How many are open, or for how
 * long, is not limited.
 *
 * @param connect gets what is left of the time, in milliseconds.
 */
export function connectInTurn(connect: (limitMs: number) => Promise<ByteSocket>, clock: Clock): () => Promise<ByteSocket> {
  const waiting: (() => void)[] = [];
  let connecting = 0;
  return async () => {
    const endMs = clock.monotonicMs() + LIMIT_MS;
    if (connecting < MAX_CONNECTING) connecting++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0) throw new Error(`no connection within ${LIMIT_MS} ms`);
      return await connect(leftMs);
    } finally {
      // Its place goes to the next one.
      const next = waiting.shift();
      if (next) next();
      else connecting--;
    }
  };
}
