import { request, STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { ShoalError } from '@shoal/domain/shared/errors';
import { endToEndHeaders } from './end-to-end-headers';

const NONE: ReadonlySet<string> = new Set();

/** Where to open the other end of a tunnel. */
export interface TunnelTarget {
  readonly origin: string;
  readonly path: string;
  /** End-to-end headers, flat. */
  readonly headers: readonly string[];
  /** Until the other end has agreed; and afterwards for how long nothing may be said. In milliseconds; 0: no limit. */
  readonly limitMs: number;
  timedOut(): ShoalError;
  /** Headers to add to the answer, flat. */
  answerHeaders(): readonly string[];
}

/**
 * Passes an `Upgrade` request on and, when the other end agrees, joins the two connections (WebSocket).
 *
 * Resolves with the status of the answer when all is over. Rejects as `forward` does; the caller writes that answer.
 */
export function tunnel(req: IncomingMessage, client: Duplex, head: Buffer, target: TunnelTarget): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = [...target.headers, 'Connection', 'Upgrade', 'Upgrade', req.headers.upgrade ?? ''];
    const { hostname, port, host } = new URL(target.origin);
    const upstream = request({ hostname, port, path: target.path, method: req.method, headers: ['Host', host, ...headers], agent: false });
    let sent = false;
    const timer = target.limitMs > 0 ? setTimeout(() => fail(target.timedOut()), target.limitMs) : undefined;
    const fail = (error: ShoalError) => {
      clearTimeout(timer);
      client.off('close', onClientClose);
      upstream.destroy();
      reject(error);
    };
    const onClientClose = () => fail(new ShoalError('client-closed', 'the caller left before the call ended'));

    client.on('close', onClientClose);
    client.on('error', () => undefined); // 'close' follows and tells.
    upstream.on('socket', (socket) => socket.once('connect', () => (sent = true)));
    upstream.on('error', (error) => {
      const code = sent ? 'replica-failed' : 'replica-unreachable';
      fail(new ShoalError(code, `the replica cannot be reached: ${error.message}`, { layer: 'gateway' }, { cause: error }));
    });
    upstream.on('response', (answer) => {
      // It declined: an ordinary answer, after which the connection ends.
      clearTimeout(timer);
      client.off('close', onClientClose);
      client.write(answerHead(answer, [...target.answerHeaders(), 'Connection', 'close']));
      answer.pipe(client);
      answer.on('close', () => resolve(answer.statusCode ?? 0));
    });
    upstream.on('upgrade', (answer, socket, early) => {
      clearTimeout(timer);
      client.off('close', onClientClose);
      client.write(answerHead(answer, [...target.answerHeaders(), 'Connection', 'Upgrade', 'Upgrade', answer.headers.upgrade ?? '']));
      client.write(early);
      socket.write(head);
      join(client, socket, target.limitMs);
      socket.on('close', () => resolve(101));
    });
    upstream.end();
  });
}

function join(client: Duplex, socket: Duplex & { setTimeout?(ms: number, then: () => void): void }, idleMs: number): void {
  socket.on('error', () => client.destroy());
  client.on('close', () => socket.destroy());
  socket.on('close', () => client.destroy());
  if (idleMs > 0) socket.setTimeout?.(idleMs, () => socket.destroy());
  client.pipe(socket);
  socket.pipe(client);
}

function answerHead(answer: IncomingMessage, added: readonly string[]): string {
  const status = answer.statusCode ?? 502;
  const headers = [...endToEndHeaders(answer.rawHeaders, NONE), ...added];
  let head = `HTTP/1.1 ${status} ${answer.statusMessage || (STATUS_CODES[status] ?? '')}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${head}\r\n`;
}
