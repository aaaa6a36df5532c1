import type { Exchange } from './exchange';
import { HttpConnection } from './http-connection';
import type { ByteSocket, Listener, SocketEvents, Sockets } from './sockets';

export interface HttpServerOptions {
  /** Of a request's head. */
  readonly maxHeadBytes: number;
  /** From the first byte of a head to its last; 0: no limit. */
  readonly headTimeoutMs: number;
  /** From the first byte of a request to its last, without the time for which its body was paused; 0: no limit. */
  readonly requestTimeoutMs: number;
  /** How long a connection may wait for its next request; 0: no limit. */
  readonly keepAliveMs: number;
}

/** How often connections are checked for having taken too long; a limit is overrun by so much at most. */
const CHECK_MS = 500;

/**
 * An HTTP/1.1 server for a watchdog: little between the socket and the handler, the same under Node and Bun. Headers and
 * targets stay as they came, byte for byte.
 */
export class HttpServer {
  closing = false;
  private readonly connections = new Set<HttpConnection>();
  private listener: Listener | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly emptied: (() => void)[] = [];

  constructor(
    private readonly sockets: Sockets,
    readonly options: HttpServerOptions,
    readonly handle: (exchange: Exchange) => void,
  ) {}

  /** Resolves with the port; rejects when it cannot be had (`code`: `EADDRINUSE`, `EACCES`). */
  listen(port: number, host?: string): Promise<number> {
    return this.listenBy((accepted) => this.sockets.listen(port, host, accepted));
  }

  /** As `listen`, on what `listen` listens on. */
  async listenBy(listen: (accepted: (socket: ByteSocket) => SocketEvents) => Promise<Listener>): Promise<number> {
    this.listener = await listen((socket) => {
      const connection = new HttpConnection(this, socket);
      this.connections.add(connection);
      return connection;
    });
    this.timer = setInterval(() => this.checkDeadlines(), CHECK_MS);
    this.timer.unref();
    return this.listener.port;
  }

  /**
   * Takes no more connections, and ends each of those it has after the call that it is in. Resolves when none is left,
   * tunnels among them.
   */
  close(): Promise<void> {
    this.closing = true;
    this.listener?.close();
    for (const connection of this.connections) connection.endWhenIdle();
    return new Promise((resolve) => {
      this.emptied.push(resolve);
      this.whenEmpty();
    });
  }

  /** For the connection: it is closed. */
  forget(connection: HttpConnection): void {
    this.connections.delete(connection);
    if (this.closing) this.whenEmpty();
  }

  private whenEmpty(): void {
    if (this.connections.size > 0) return;
    clearInterval(this.timer);
    for (const resolve of this.emptied.splice(0)) resolve();
  }

  private checkDeadlines(): void {
    const nowMs = performance.now();
    for (const connection of this.connections) connection.checkDeadline(nowMs);
  }
}
