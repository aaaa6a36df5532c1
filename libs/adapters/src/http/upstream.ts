import type { ShoalError } from '@shoal/domain/shared/errors';
import type { Exchange } from './exchange';
import { ForwardedExchange } from './forwarded-exchange';
import type { HeaderNames } from './header-names';
import type { Sockets } from './sockets';
import { UpstreamConnection } from './upstream-connection';

const CONNECT_TIMEOUT_MS = 3_000;
/** Idle connections are closed here before most servers close them, which would cost a call its answer. */
const IDLE_MS = 4_000;
const IDLE_CHECK_MS = 500;
/**
 * So long a connection is left alone behind an answer: some servers close it then without having said so, and a call that
 * waited for the answer would be sent before that is known. Waiting for the event loop to turn costs a call of the system.
 */
const REST_MS = 0.2;
/** So much earlier than the other side we close a connection. */
const CLOSING_MARGIN_MS = 1_000;
/** More than callers at a time: what does not fit is closed, and costs the next call a new one. */
const MAX_IDLE_CONNECTIONS = 1_024;

/** What to change about an exchange on its way. */
export interface UpstreamCall {
  /** For the whole of it, in milliseconds; 0: no limit. */
  readonly limitMs: number;
  /** What to reject with when the limit is hit. */
  timedOut(): ShoalError;
  /** Lines of headers to add to the answer, each with its end. They go out unchecked. */
  answerLines(): string;
  /** Headers to leave out of the answer: `HOP_BY_HOP`, with further names or without. */
  readonly withheld: HeaderNames;
  /** Path and query to ask for; absent: the caller's. */
  readonly target?: string;
  /**
   * Lines of the end-to-end headers to send, each with its end, `Host` among them; absent: the caller's. Without framing. They
   * go out unchecked: only what came through a parser, or holds no end of line.
   */
  readonly lines?: string;
  /** The whole body, when it has been read already. */
  readonly body?: Buffer | undefined;
}

export interface UpstreamOptions {
  /** What errors call it; absent: its address. */
  readonly name?: string;
  /** Its last connection has ended, or did not come about. */
  onUnused?(): void;
}

/**
 * The HTTP server at one address: sends exchanges on to it, over connections that it keeps, and its answers back, both as
 * streams with back-pressure.
 */
export class Upstream {
  private readonly idle: UpstreamConnection[] = [];
  /** Connections that are there, or coming about. */
  private open = 0;
  private idleTimer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly sockets: Pick<Sockets, 'connect'>,
    private readonly host: string,
    private readonly port: number,
    private readonly options: UpstreamOptions = {},
  ) {}

  /**
   * Resolves with the answer's status when it has been written whole. Rejects with `replica-unreachable` when nothing was
   * sent; `replica-failed` when the other side broke off; what `timedOut` says; `client-closed`. Once the head of an
   * answer is out, a failure cuts the caller's connection.
   *
   * A call whose bytes have gone out is never sent again, whatever its method: the function may have begun to act.
   */
  forward(exchange: Exchange, call: UpstreamCall): Promise<number> {
    return new Promise((resolve, reject) => new ForwardedExchange(this, exchange, call, resolve, reject).start());
  }

  /** Ends the connections that are idle, and the others after their calls. */
  close(): void {
    this.closed = true;
    for (const connection of this.idle.splice(0)) connection.destroy();
    clearInterval(this.idleTimer);
  }

  /** `localhost:8081`, `[::1]:8081`. */
  get address(): string {
    return this.host.includes(':') ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }

  get name(): string {
    return this.options.name ?? this.address;
  }

  // What follows is for the exchanges and connections.

  /** The one used last, as long as it is not too fresh. */
  takeIdle(): UpstreamConnection | undefined {
    const nowMs = performance.now();
    for (let i = this.idle.length - 1; i >= 0; i--) {
      const connection = this.idle[i]!;
      if (nowMs - connection.idleSinceMs < REST_MS) continue;
      this.idle.splice(i, 1);
      if (nowMs < connection.idleUntilMs) return connection;
      connection.destroy();
    }
    return undefined;
  }

  async connect(): Promise<UpstreamConnection> {
    this.open++;
    try {
      return new UpstreamConnection(this, await this.sockets.connect(this.host, this.port, CONNECT_TIMEOUT_MS));
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  /** For another exchange. @param otherSideKeepsMs how long the other side keeps it, when it has said so. */
  keep(connection: UpstreamConnection, otherSideKeepsMs = Infinity): void {
    const idleMs = Math.min(IDLE_MS, otherSideKeepsMs - CLOSING_MARGIN_MS);
    if (this.closed || idleMs <= 0 || this.idle.length >= MAX_IDLE_CONNECTIONS) return connection.destroy();
    connection.idleSinceMs = performance.now();
    connection.idleUntilMs = connection.idleSinceMs + idleMs;
    this.idle.push(connection);
    this.idleTimer ??= setInterval(() => this.closeUnused(), IDLE_CHECK_MS).unref();
  }

  /** It is closed, or did not come about. */
  forget(connection?: UpstreamConnection): void {
    const at = connection ? this.idle.indexOf(connection) : -1;
    if (at >= 0) this.idle.splice(at, 1);
    if (--this.open === 0) this.options.onUnused?.();
  }

  private closeUnused(): void {
    const nowMs = performance.now();
    for (const connection of this.idle.filter(({ idleUntilMs }) => idleUntilMs <= nowMs)) connection.destroy();
    if (this.idle.length > 0) return;
    clearInterval(this.idleTimer);
    this.idleTimer = undefined;
  }
}
