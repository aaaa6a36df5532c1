import type { BunTcp, BunTcpHandlers, BunTcpSocket } from './bun-tcp';
import { nobody, type ByteSocket, type Listener, type Peer, type SocketEvents, type Sockets } from './sockets';

/** TCP by `Bun.listen` and `Bun.connect`. */
export class BunSockets implements Sockets {
  constructor(private readonly bun: BunTcp) {}

  async listen(port: number, host: string | undefined, accepted: (socket: ByteSocket) => SocketEvents): Promise<Listener> {
    const open = (raw: BunTcpSocket<BunSocket>) => {
      raw.data = new BunSocket(raw);
      raw.data.events = accepted(raw.data);
    };
    const on = (hostname: string) =>
      this.bun.listen<BunSocket>({ port, hostname, allowHalfOpen: true, socket: { ...handlers, open } });
    const server = host === undefined ? onAllAddresses(on) : on(host);
    return { close: () => server.stop(), port: server.port };
  }

  connect(host: string, port: number, limitMs: number): Promise<ByteSocket> {
    return new Promise((resolve, reject) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        reject(Object.assign(new Error(`no connection within ${limitMs} ms`), { code: 'ETIMEDOUT' }));
      }, limitMs);
      const failed = (error: Error) => {
        clearTimeout(timer);
        reject(error);
      };
      const open = (raw: BunTcpSocket<BunSocket>) => {
        clearTimeout(timer);
        raw.data = new BunSocket(raw);
        if (late) return raw.data.destroy();
        resolve(raw.data);
      };
      const socket = { ...handlers, open, connectError: (_raw: unknown, error: Error) => failed(error) };
      this.bun.connect<BunSocket>({ hostname: host, port, allowHalfOpen: true, socket }).catch(failed);
    });
  }
}

/** IPv6 with IPv4; where there is no IPv6, IPv4. */
function onAllAddresses<Server>(on: (hostname: string) => Server): Server {
  try {
    return on('::');
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE' || code === 'EACCES') throw error;
    return on('0.0.0.0');
  }
}

const handlers: BunTcpHandlers<BunSocket> = {
  data: (raw, chunk) => raw.data.events.data(chunk),
  drain: (raw) => raw.data?.onDrain(),
  end: (raw) => raw.data?.onEnd(),
  close: (raw) => raw.data?.onClosed(),
  error: (raw) => raw.terminate(),
};

class BunSocket implements ByteSocket {
  events: SocketEvents = nobody;
  /** What the system has not taken yet. */
  private waiting: Uint8Array[] = [];
  private ending = false;
  private over = false;
  private stallMs = 0;
  private stallTimer: NodeJS.Timeout | undefined;
  private knownPeer: Peer | undefined;

  constructor(private readonly raw: BunTcpSocket<BunSocket>) {
    raw.setNoDelay(true);
  }

  get peer(): Peer {
    return (this.knownPeer ??= { address: this.raw.remoteAddress ?? '', port: this.raw.remotePort ?? 0, secure: false });
  }

  write(bytes: Uint8Array | string): boolean {
    if (this.over || this.ending) return true;
    const whole = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    if (this.waiting.length > 0) {
      this.waiting.push(whole);
      return false;
    }
    const sent = Math.max(this.raw.write(whole), 0);
    if (sent === whole.byteLength) return true;
    this.waiting.push(whole.subarray(sent));
    this.watchStall();
    return false;
  }

  end(): void {
    if (this.over || this.ending) return;
    this.ending = true;
    if (this.waiting.length === 0) queueMicrotask(() => this.endHalf());
  }

  destroy(): void {
    this.raw.close();
    this.onClosed();
  }

  reset(): void {
    this.raw.terminate();
    this.onClosed();
  }

  pause(): void {
    if (!this.over) this.raw.pause();
  }

  resume(): void {
    if (!this.over) this.raw.resume();
  }

  limitStall(limitMs: number): void {
    this.stallMs = limitMs;
    this.watchStall();
  }

  onDrain(): void {
    if (this.over || this.waiting.length === 0) return;
    let progress = false;
    while (this.waiting.length > 0) {
      const next = this.waiting[0]!;
      const sent = Math.max(this.raw.write(next), 0);
      progress ||= sent > 0;
      if (sent < next.byteLength) {
        this.waiting[0] = next.subarray(sent);
        if (progress) this.watchStall();
        return;
      }
      this.waiting.shift();
    }
    this.watchStall();
    if (this.ending) this.endHalf();
    else this.events.drained();
  }

  onEnd(): void {
    if (this.over) return;
    if (this.events.ended) this.events.ended();
    else this.destroy();
  }

  onClosed(): void {
    if (this.over) return;
    this.over = true;
    this.waiting = [];
    clearTimeout(this.stallTimer);
    this.events.closed();
  }

  private endHalf(): void {
    if (this.over) return;
    this.raw.shutdown();
    this.events.drained();
  }

  private watchStall(): void {
    clearTimeout(this.stallTimer);
    if (this.stallMs > 0 && this.waiting.length > 0) this.stallTimer = setTimeout(() => this.destroy(), this.stallMs);
  }
}
