import { connect } from 'node:net';
import type { Random } from '../random';

/** The sender's own addresses: with one, ports of closed connections would run out. */
const ADDRESSES = 16;
const MAX_CUTS = 6;
/** Who has not closed a connection by then that its caller has ended never will. */
const HANG_MS = 20_000;

export interface Talk {
  readonly port: number;
  readonly bytes: Buffer;
  readonly random: Random;
  /** Whether enough has come: the connection is ended then, and else at once. */
  readonly isWhole?: (received: Buffer) => boolean;
  /** Whether to leave without a word when all has been sent. */
  readonly leave?: boolean;
}

/** Sends bytes in random cuts on a connection of its own; resolves with all that came until it closed. Rejects when it does not. */
export function converse({ port, bytes, random, isWhole, leave = false }: Talk): Promise<Buffer> {
  const cuts = random.some(MAX_CUTS, () => random.below(bytes.byteLength + 1)).sort((a, b) => a - b);
  const localAddress = `127.0.0.${2 + random.below(ADDRESSES)}`;
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
    let ended = false;
    let sent = false;
    const end = () => {
      if (ended) return;
      ended = true;
      socket.end();
    };
    const look = () => {
      if (sent && (!isWhole || isWhole(Buffer.concat(received)))) end();
    };
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`the connection hangs; sent: ${JSON.stringify(bytes.toString('latin1').slice(0, 1_500))}; came: ${JSON.stringify(Buffer.concat(received).toString('latin1').slice(-500))}`));
    }, HANG_MS);
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk);
      look();
    });
    socket.on('error', () => undefined); // It may be reset; what has come counts.
    socket.on('end', () => end());
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(received));
    });
    void (async () => {
      let from = 0;
      for (const cut of [...cuts, bytes.byteLength]) {
        if (cut > from && !socket.destroyed && !ended) socket.write(bytes.subarray(from, cut));
        from = Math.max(from, cut);
        await new Promise((next) => setImmediate(next));
      }
      sent = true;
      if (leave) socket.destroy();
      else look();
    })();
  });
}
