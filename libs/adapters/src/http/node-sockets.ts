import { connect, createServer, type AddressInfo, type IpcSocketConnectOpts, type ListenOptions, type Server, type Socket, type TcpSocketConnectOpts } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Handshakes } from './handshakes';
import { nobody, type ByteSocket, type Listener, type Peer, type SocketEvents, type Sockets } from './sockets';

/** Makes a `tls.Server`, with these options among its own. */
export type CreateTlsServer = (options: { readonly noDelay: boolean }) => Server;

type Accept = (socket: ByteSocket) => SocketEvents;

/** Connections that wait to be accepted; the system may allow less. One more is lost, and tried again by its caller's system after a second. */
const BACKLOG = 4_096;
const CONNECTION = { noDelay: true, allowHalfOpen: true } as const;

/** What all connections that we open are read into, one read at a time: Node's own way has a new 64 kB for each. */
const READ = Buffer.allocUnsafeSlow(64 * 1024);

/** Until a socket file that had no room for another connection is tried again. */
const FULL_MS = 5;

/** TCP by Node's `net`, and socket files. */
export class NodeSockets implements Sockets {
  /** @param createTlsServer what is listened on speaks TLS then. From outside, because loading TLS takes a watchdog's time. */
  constructor(private readonly createTlsServer?: CreateTlsServer) {}

  listen(port: number, host: string | undefined, accepted: Accept): Promise<Listener> {
    return this.listenOn({ port, ...(host === undefined ? {} : { host }) }, accepted);
  }

  /** As `listen`, on a socket file, which must not be there yet. */
  listenPath(path: string, accepted: Accept): Promise<Listener> {
    return this.listenOn({ path }, accepted);
  }

  connect(host: string, port: number, limitMs: number): Promise<ByteSocket> {
    return connectTo({ host, port, ...CONNECTION }, limitMs);
  }

  /** As `connect`, to a socket file. When too many wait there to be taken, which TCP would wait for by itself, it is tried until `limitMs`. */
  async connectPath(path: string, limitMs: number): Promise<ByteSocket> {
    const endMs = performance.now() + limitMs;
    for (;;) {
      try {
        return await connectTo({ path, ...CONNECTION }, endMs - performance.now());
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() + FULL_MS > endMs) throw error;
        await pause(FULL_MS);
      }
    }
  }

  private listenOn(place: ListenOptions, accepted: Accept): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const onSocket = (raw: Socket) => {
        const socket = new NodeSocket(raw);
        raw.on('data', (chunk) => socket.events.data(chunk));
        socket.events = accepted(socket);
      };
      const secure = this.createTlsServer?.({ noDelay: true });
      const handshakes = secure && new Handshakes(secure, onSocket);
      const server = secure ?? createServer(CONNECTION, onSocket);
      server.once('error', reject);
      server.listen({ ...place, backlog: BACKLOG }, () => {
        server.off('error', reject);
        // Running out of descriptors while accepting is no reason to end: the next connection may find one.
        server.on('error', () => undefined);
        resolve({ close: () => server.close(), endHandshakes: () => handshakes?.end(), port: portOf(server) });
      });
    });
  }
}

function connectTo(place: TcpSocketConnectOpts | IpcSocketConnectOpts, limitMs: number): Promise<ByteSocket> {
  return new Promise((resolve, reject) => {
    let socket: NodeSocket | undefined;
    const callback = (bytes: number) => {
      socket?.events.data(copyOf(READ, bytes));
      return true;
    };
    const raw = connect({ ...place, onread: { buffer: READ, callback } });
    const timer = setTimeout(() => raw.destroy(tookTooLong(limitMs)), limitMs);
    const failed = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    raw.once('error', failed);
    raw.once('connect', () => {
      clearTimeout(timer);
      raw.off('error', failed);
      socket = new NodeSocket(raw);
      resolve(socket);
    });
  });
}

function copyOf(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length);
  bytes.copy(copy, 0, 0, length);
  return copy;
}

/** 0 of a socket file. */
function portOf(server: Server): number {
  return (server.address() as Partial<AddressInfo>).port ?? 0;
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
    const { secure, address } = this.peer;
    // TLS tells an orderly end by a message of its own, which is not sent here. A socket file knows no reset.
    if (secure || address === '') this.raw.destroy();
    else this.raw.resetAndDestroy();
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
