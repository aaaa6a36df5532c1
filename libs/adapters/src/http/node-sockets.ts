import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { nobody, type ByteSocket, type Listener, type Peer, type SocketEvents, type Sockets } from './sockets';

/** TCP by Node's `net`. */
export class NodeSockets implements Sockets {
  listen(port: number, host: string | undefined, accepted: (socket: ByteSocket) => SocketEvents): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true, allowHalfOpen: true }, (raw) => {
        const socket = new NodeSocket(raw);
        socket.events = accepted(socket);
      });
      server.once('error', reject);
      server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        server.off('error', reject);
        // Running out of descriptors while accepting is no reason to end: the next connection may find one.
        server.on('error', () => undefined);
        resolve({ close: () => server.close(), port: (server.address() as AddressInfo).port });
      });
    });
  }

  connect(host: string, port: number, limitMs: number): Promise<ByteSocket> {
    return new Promise((resolve, reject) => {
      const raw = connect({ host, port, noDelay: true, allowHalfOpen: true });
      const timer = setTimeout(() => raw.destroy(tookTooLong(limitMs)), limitMs);
      const failed = (error: Error) => {
        clearTimeout(timer);
        reject(error);
      };
      raw.once('error', failed);
      raw.once('connect', () => {
        clearTimeout(timer);
        raw.off('error', failed);
        resolve(new NodeSocket(raw));
      });
    });
  }
}

function tookTooLong(limitMs: number): Error {
  return Object.assign(new Error(`no connection within ${limitMs} ms`), { code: 'ETIMEDOUT' });
}

/** Asks the system: not for nothing. */
function peerOf(socket: Socket): Peer {
  return { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0, secure: 'encrypted' in socket };
}

class NodeSocket implements ByteSocket {
  events: SocketEvents = nobody;
  private ending = false;
  private over = false;
  private knownPeer: Peer | undefined;

  constructor(private readonly raw: Socket) {
    raw.on('data', (chunk) => this.events.data(chunk));
    raw.on('drain', () => this.events.drained());
    raw.on('finish', () => this.onFinish());
    raw.on('end', () => this.onEnd());
    raw.on('close', () => this.onClosed());
    raw.on('timeout', () => this.onTimeout());
    raw.on('error', () => undefined); // 'close' follows.
  }

  get peer(): Peer {
    return (this.knownPeer ??= peerOf(this.raw));
  }

  write(bytes: Uint8Array | string): boolean {
    if (this.over || this.ending) return true;
    return this.raw.write(bytes, 'latin1');
  }

  end(): void {
    if (this.ending) return;
    this.ending = true;
    this.raw.end();
  }

  destroy(): void {
    this.raw.destroy();
    this.onClosed();
  }

  reset(): void {
    this.raw.resetAndDestroy();
    this.onClosed();
  }

  pause(): void {
    this.raw.pause();
  }

  resume(): void {
    this.raw.resume();
  }

  limitStall(limitMs: number): void {
    this.raw.setTimeout(limitMs);
  }

  private onFinish(): void {
    if (!this.over) this.events.drained();
  }

  private onEnd(): void {
    if (this.over) return;
    if (this.events.ended) this.events.ended();
    else this.destroy();
  }

  private onTimeout(): void {
    if (this.raw.writableLength > 0) this.destroy();
  }

  private onClosed(): void {
    if (this.over) return;
    this.over = true;
    this.events.closed();
  }
}
