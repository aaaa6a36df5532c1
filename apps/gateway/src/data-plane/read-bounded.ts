import type { IncomingMessage } from 'node:http';
import { ShoalError } from '@shoal/domain/shared/errors';

/** Reads a body whole. Rejects with `body-too-large`, which names `what` may not be so long, as soon as that is clear. */
export async function readBounded(req: IncomingMessage, maxBytes: number, what: string): Promise<Buffer> {
  const tooLarge = () => new ShoalError('body-too-large', `${what} may have ${maxBytes} bytes at most`);
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).byteLength;
    if (bytes > maxBytes) throw tooLarge();
  }
  return Buffer.concat(chunks);
}
