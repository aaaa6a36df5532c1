import { MessageError, MessageParser } from './message-parser';
import type { Sockets } from './sockets';

const MAX_HEAD_BYTES = 64 * 1024;

/**
 * Sends a GET and resolves with the answer's status; the rest of it is not read.
 *
 * Rejects when there is no answer within `limitMs`, in milliseconds.
 */
export async function askStatus(
  sockets: Sockets,
  { host, port, path, limitMs }: { readonly host: string; readonly port: number; readonly path: string; readonly limitMs: number },
): Promise<number> {
  const socket = await sockets.connect(host, port, limitMs);
  return new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
    const parser = new MessageParser('response', MAX_HEAD_BYTES, {
      head: ({ status }) => {
        resolve(status);
        return undefined;
      },
      body: () => undefined,
      end: () => undefined,
    });
    socket.events = {
      data: (chunk) => {
        try {
          parser.execute(chunk);
        } catch (error) {
          if (!(error instanceof MessageError)) throw error;
          reject(error);
        }
      },
      drained: () => undefined,
      closed: () => {
        clearTimeout(timer);
        reject(new Error('it closed the connection'));
      },
    };
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n\r\n`);
  }).finally(() => socket.destroy());
}
