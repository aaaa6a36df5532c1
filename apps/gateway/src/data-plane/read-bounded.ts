import type { IncomingMessage } from 'node:http';
import { ShoalError } from '@shoal/domain/shared/errors';

/** Memory that several readers share. */
export class ByteBudget {
  private used = 0;

  constructor(private readonly bytes: number) {}

  /** Rejects with `over-capacity` when there is not so much left. */
  take(bytes: number): void {
    if (this.used + bytes > this.bytes) throw new ShoalError('over-capacity', `bodies of ${this.bytes} bytes in all are on their way already`, { retryAfterSeconds: 1 });
    this.used += bytes;
  }

  giveBack(bytes: number): void {
    this.used -= bytes;
  }
}

/** Reads a body whole. Rejects with `body-too-large`, which names `what` may not be so long, as soon as that is clear; and as `budget` does. */
export async function readBounded(req: IncomingMessage, maxBytes: number, what: string, budget?: ByteBudget): Promise<Buffer> {
  const tooLarge = () => new ShoalError('body-too-large', `${what} may have ${maxBytes} bytes at most`);
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let taken = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      const { byteLength } = chunk as Buffer;
      bytes += byteLength;
      if (bytes > maxBytes) throw tooLarge();
      budget?.take(byteLength);
      taken += byteLength;
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks);
  } finally {
    budget?.giveBack(taken);
  }
}
