import { ByteBudget } from './byte-budget';
import type { Exchange } from './exchange';
import { HttpConnection } from './http-connection';
import { nobody, type ByteSocket, type Listener, type SocketEvents, type Sockets } from './sockets';
import { STATUS_TEXTS } from './status-texts';

export interface HttpServerOptions {
  /** Of a request's head. */
  readonly maxHeadBytes: number;
  /** From the first byte of a head to its last; 0: no limit. */
  readonly headTimeoutMs: number;
  /** From the first byte of a request to its last, without the time for which its body was paused; 0: no limit. */
  readonly requestTimeoutMs: number;
  /** How long a connection may wait for its next request; 0: no limit. */
  readonly keepAliveMs: number;
  /**
   * Whether answers say for how long their connection is kept: a client that reads it sends no request on one that is
   * about to be closed. False by default.
   */
  readonly tellsKeepAlive?: boolean;
  /** What is answered to what is no request, or none that is taken. A line of text by default. */
  readonly refusal?: (status: number, reason: string) => Refusal;
  /** What comes beyond it is reset at once, since its caller may try elsewhere, and told. No bound by default. */
  readonly room?: { readonly connections: number; refused(): void };
  /** Told of each connection that is kept. */
  readonly onConnection?: () => void;
  /** Whether a connection carries the requests of many callers: none has to rest for what one of them does. False by default. */
  readonly sharedConnections?: boolean;
}

export interface Refusal {
  readonly status: number;
  /** Names and values in turn, without what frames the answer. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** How often connections are checked for having taken too long; a limit is overrun by so much at most. */
const CHECK_MS = 500;
/** Of heads that are long, in all: each may be as long as `maxHeadBytes`, and nobody is to fill the memory with them. */
const MAX_LONG_HEADS_BYTES = 64 * 1024 * 1024;
/** A first request may be on its way on a connection while a server begins to drain. */
const SILENT_GRACE_MS = 1_000;

/**
 * An HTTP/1.1 server: little between the socket and the handler, the same under Node and Bun. Headers and targets stay as
 * they came, byte for byte.
 */
export class HttpServer {
  closing = false;
  readonly longHeads = new ByteBudget(MAX_LONG_HEADS_BYTES);
  readonly refusal: (status: number, reason: string) => Refusal;
  /** Header lines of every answer behind which its connection is kept. */
  readonly keepAliveLines: string;
  private readonly connections = new Set<HttpConnection>();
  private listener: Listener | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly emptied: (() => void)[] = [];

  constructor(
    private readonly sockets: Sockets,
    readonly options: HttpServerOptions,
    readonly handle: (exchange: Exchange) => void,
  ) {
    const { tellsKeepAlive, keepAliveMs, refusal = textRefusal } = options;
    this.refusal = refusal;
    const told = tellsKeepAlive && keepAliveMs >= 1_000;
    this.keepAliveLines = told ? `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1_000)}\r\n` : '';
  }

  /** Resolves with the port; rejects when it cannot be had (`code`: `EADDRINUSE`, `EACCES`). */
  listen(port: number, host?: string): Promise<number> {
    return this.listenBy((accepted) => this.sockets.listen(port, host, accepted));
  }

  /** As `listen`, on what `listen` listens on. */
  async listenBy(listen: (accepted: (socket: ByteSocket) => SocketEvents) => Promise<Listener>): Promise<number> {
    const { room, onConnection } = this.options;
    this.listener = await listen((socket) => {
      if (room && this.connections.size >= room.connections) {
        socket.reset();
        room.refused();
        return nobody;
      }
      const connection = new HttpConnection(this, socket);
      this.connections.add(connection);
      onConnection?.();
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
    this.stopListening();
    for (const connection of this.connections) connection.endWhenIdle();
    return this.untilEmpty();
  }

  /**
   * As `close`, but a request that is on its way is still taken: what has begun to come, and what comes within a second on
   * a connection that has sent none yet. What is left after `limitMs` is cut.
   */
  async drain(limitMs: number): Promise<void> {
    this.stopListening();
    for (const connection of this.connections) if (!connection.expectsRequest) connection.endWhenIdle();
    const grace = setTimeout(() => {
      this.listener?.endHandshakes?.();
      for (const connection of this.connections) if (connection.expectsRequest) connection.destroy();
    }, SILENT_GRACE_MS);
    const limit = setTimeout(() => {
      this.listener?.endHandshakes?.();
      for (const connection of this.connections) connection.destroy();
    }, limitMs);
    await this.untilEmpty();
    clearTimeout(grace);
    clearTimeout(limit);
    this.listener?.endHandshakes?.();
  }

  /** For the connection: it is closed. */
  forget(connection: HttpConnection): void {
    this.connections.delete(connection);
    if (this.closing) this.whenEmpty();
  }

  private stopListening(): void {
    this.closing = true;
    this.listener?.close();
  }

  private untilEmpty(): Promise<void> {
    return new Promise((resolve) => {
      this.emptied.push(resolve);
      this.whenEmpty();
    });
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

function textRefusal(status: number, reason: string): Refusal {
  return { status, headers: ['Content-Type', 'text/plain; charset=utf-8'], body: `${STATUS_TEXTS[status]}: ${reason}\n` };
}
