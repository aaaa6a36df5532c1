import { createServer, type RequestListener, type Server } from 'node:http';
import { Duplex } from 'node:stream';
import { nobody, type ByteSocket, type Peer, type SocketEvents } from './sockets';

/** Of a head: more than is taken of callers, because headers are added on the way. */
const MAX_HEAD_BYTES = 2 * 1024 * 1024;
/** So much may wait to be taken, each way. */
const ROOM_BYTES = 64 * 1024;
const NOBODY: Peer = { address: '', port: 0, secure: false };

/** A server of Node's that listens nowhere: its connections come from `connectInProcess`. */
export function createInProcessServer(handle: RequestListener): Server {
  const server = createServer({ maxHeaderSize: MAX_HEAD_BYTES }, handle);
  // The size of the head bounds their number; past a number of its own, Node would drop headers silently.
  server.maxHeadersCount = 0;
  return server;
}

/** Opens a connection in memory to a server of Node's, which takes it for one that comes from `peer`. */
export function connectInProcess(server: Server, peer: Peer): ByteSocket {
  const socket = new InProcessSocket(peer);
  server.emit('connection', socket.serverEnd);
  return socket;
}

/** What has come from the server, and whom to tell that it was taken. Without chunks: the end. */
interface Arrival {
  readonly chunks: readonly Buffer[];
  readonly taken: () => void;
}

/** Our end. As of a socket of the system, nothing is told of within a call, but that it is closed by that call. */
class InProcessSocket implements ByteSocket {
  events: SocketEvents = nobody;
  readonly peer = NOBODY;
  readonly serverEnd: ServerEnd;
  /** One at a time: the stream waits until it was taken. */
  private arrival: Arrival | undefined;
  private deliveries: NodeJS.Immediate | undefined;
  private paused = false;
  /** `write` asked to wait. */
  private full = false;
  private ending = false;
  private over = false;

  constructor(peer: Peer) {
    this.serverEnd = new ServerEnd(this, peer);
    this.serverEnd.on('end', () => this.tell(() => this.events.drained()));
  }

  write(bytes: Uint8Array | string): boolean {
    if (this.over || this.ending || this.serverEnd.destroyed) return true;
    const whole = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.full = !this.serverEnd.push(whole);
    return !this.full;
  }

  end(): void {
    if (this.over || this.ending || this.serverEnd.destroyed) return;
    this.ending = true;
    this.serverEnd.push(null);
  }

  destroy(): void {
    this.close();
  }

  reset(): void {
    this.close(Object.assign(new Error('the connection was reset'), { code: 'ECONNRESET' }));
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.deliverSoon();
  }

  /** The other side is of this process, and knows its own limits. */
  limitStall(): void {}

  // What the server's end tells.

  take(arrival: Arrival): void {
    this.arrival = arrival;
    this.deliverSoon();
  }

  hasRoom(): void {
    if (!this.full) return;
    this.full = false;
    this.tell(() => {
      if (!this.full && !this.ending) this.events.drained();
    });
  }

  serverLeft(): void {
    this.tell(() => this.close());
  }

  private tell(act: () => void): void {
    setImmediate(() => {
      if (!this.over) act();
    });
  }

  private deliverSoon(): void {
    if (this.arrival && !this.paused) this.deliveries ??= setImmediate(() => this.deliver());
  }

  private deliver(): void {
    this.deliveries = undefined;
    const { arrival } = this;
    if (!arrival || this.paused || this.over) return;
    this.arrival = undefined;
    for (const chunk of arrival.chunks) if (!this.over) this.events.data(chunk);
    if (arrival.chunks.length === 0) this.onEnd();
    arrival.taken();
  }

  private onEnd(): void {
    if (this.events.ended) this.events.ended();
    else this.destroy();
  }

  private close(error?: Error): void {
    if (this.over) return;
    this.over = true;
    this.serverEnd.destroy(error);
    this.arrival?.taken();
    this.events.closed();
  }
}

/** The server's end, which to it is a socket. */
class ServerEnd extends Duplex {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly remoteFamily: string;
  readonly encrypted: boolean;

  constructor(
    private readonly other: InProcessSocket,
    peer: Peer,
  ) {
    super({ highWaterMark: ROOM_BYTES });
    this.remoteAddress = peer.address;
    this.remotePort = peer.port;
    this.remoteFamily = peer.address.includes(':') ? 'IPv6' : 'IPv4';
    this.encrypted = peer.secure;
  }

  override _read(): void {
    this.other.hasRoom();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, taken: () => void): void {
    this.other.take({ chunks: [chunk], taken });
  }

  override _writev(parts: readonly { readonly chunk: Buffer }[], taken: () => void): void {
    this.other.take({ chunks: parts.map(({ chunk }) => chunk), taken });
  }

  override _final(taken: () => void): void {
    this.other.take({ chunks: [], taken });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.other.serverLeft();
    done(error);
  }
}
