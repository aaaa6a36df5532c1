import { AheadBytes } from './ahead-bytes';
import type { ByteBudget } from './byte-budget';
import { Exchange, type ExchangeConnection } from './exchange';
import { headerLines, statusLine } from './header-line';
import { httpDate } from './http-date';
import type { HttpServerOptions, Refusal } from './http-server';
import { MessageError, MessageParser, type MessageEvents, type MessageHead } from './message-parser';
import { Outbox } from './outbox';
import type { ByteSocket, Peer, SocketEvents } from './sockets';
import { STATUS_TEXTS } from './status-texts';

/** After the last answer: so long the caller may go on sending, or say nothing, before its connection is closed. */
const LINGER_MS = 30_000;
const SILENT_LINGER_MS = 2_000;
/** A caller that takes nothing of a whole answer for so long is given up. */
const STALLED_MS = 60_000;
/** Half a second to a second, by how often the server checks deadlines. */
const REST_CHECKS = 2;
/** First and shortest, then twice as long each time: when a caller that ended its half is asked whether it is there. */
const FIRST_ASKED_MS = 100;
/** Where nothing can be asked, one that is sent nothing for this long counts as having left. */
const SILENT_AFTER_END_MS = 400;
const NO_BYTES = Buffer.alloc(0);

/** What a connection asks of its server. */
export interface ConnectionOwner {
  readonly options: HttpServerOptions;
  readonly closing: boolean;
  /** For heads that are long. */
  readonly longHeads: ByteBudget;
  readonly refusal: (status: number, reason: string) => Refusal;
  readonly keepAliveLines: string;
  readonly handle: (exchange: Exchange) => void;
  forget(connection: HttpConnection): void;
}

/**
 * One caller's connection: takes its requests in turn, one exchange at a time.
 *
 * It waits for a request; has an `exchange` from the request's head until the answer is out; then waits again, or is
 * *lingering*: our half is ended, what comes is thrown away, so that the last answer is not lost with the connection. Or
 * the exchange turns it into a *tunnel*, which is its last purpose.
 *
 * A caller that ends its half (FIN) may have left or may wait for its answer: most programs leave that way, `nc -N` and
 * others half-close. Within a request that has not come whole it has left. Otherwise it is asked: a `100 Continue` is sent
 * to it, which a caller that is there skips and to which the system of one that has left answers with a reset. HTTP/1.0
 * has no such question, and neither has an answer whose head is out: such a caller has left when it was sent nothing for
 * `SILENT_AFTER_END_MS`. So a caller that leaves is noticed within a second, mostly within 0.3.
 */
export class HttpConnection implements SocketEvents, MessageEvents, ExchangeConnection {
  private exchange: Exchange | undefined;
  private handed = true;
  /** Whether a request has come. */
  private served = false;
  private parsing = false;
  private readonly parser: MessageParser;
  private readonly outbox: Outbox;
  /** Of requests after the present one. */
  private readonly ahead = new AheadBytes();
  private aheadPaused = false;
  /** Since when the body's time is not the caller's. */
  private bodyPausedMs: number | undefined;
  /** Whether nothing is read because of the body. */
  private paused = false;
  /** When the present request began to come. */
  private beganMs = 0;
  private deadlineMs: number;
  private lingerUntilMs: number | undefined;
  /** Checks of deadlines until the next request is read; above 0 the connection *rests*. */
  private restChecks = 0;
  private callerEnded = false;
  private askTimer: NodeJS.Timeout | undefined;
  private tunnel: SocketEvents | undefined;

  constructor(
    private readonly server: ConnectionOwner,
    private readonly socket: ByteSocket,
  ) {
    this.parser = new MessageParser('request', server.options.maxHeadBytes, this, server.longHeads);
    this.outbox = new Outbox(socket);
    this.deadlineMs = after(performance.now(), server.options.headTimeoutMs);
  }

  // What the socket tells.

  data(chunk: Buffer): void {
    if (this.tunnel) return this.tunnel.data(chunk);
    if (this.lingerUntilMs !== undefined) return this.lingerOn();
    if (this.exchange ? this.exchange.complete : this.outbox.blocked || this.restChecks > 0) return this.keepAhead(chunk);
    this.parse(chunk);
  }

  drained(): void {
    this.outbox.blocked = false;
    if (this.tunnel) return this.tunnel.drained();
    if (this.lingerUntilMs !== undefined) return this.beginSilence();
    if (this.exchange) return this.exchange.onDrained?.();
    this.socket.limitStall(0);
    this.next();
  }

  ended(): void {
    this.callerEnded = true;
    if (this.tunnel) return this.endTunnel();
    if (this.lingerUntilMs !== undefined) return;
    if (this.exchange) this.askOrLeave(this.exchange);
    else if (this.ahead.length === 0) this.finish();
  }

  closed(): void {
    clearTimeout(this.askTimer);
    this.server.forget(this);
    if (this.tunnel) return this.tunnel.closed();
    const { exchange } = this;
    this.exchange = undefined;
    this.parser.release();
    this.lingerUntilMs = 0; // What has been received behind this request is not taken any more.
    this.ahead.take();
    exchange?.connectionClosed();
  }

  // What the parser tells.

  head(head: MessageHead): undefined {
    this.exchange = new Exchange(this, head, head.keepAlive && !this.server.closing);
    this.handed = false;
    this.served = true;
    this.deadlineMs = after(this.beganMs, this.server.options.requestTimeoutMs);
    return undefined;
  }

  body(chunk: Buffer): void {
    this.exchange?.bodyData(chunk);
  }

  end(trailers: readonly string[]): void {
    if (!this.exchange) return;
    this.resumeBody();
    this.deadlineMs = Infinity;
    this.exchange.bodyEnd(trailers);
  }

  // What the exchange asks.

  get keepAliveLines(): string {
    return this.server.keepAliveLines;
  }

  get peer(): Peer {
    return this.socket.peer;
  }

  send(bytes: Uint8Array | string): boolean {
    return this.outbox.send(bytes);
  }

  answered(exchange: Exchange): void {
    if (this.exchange !== exchange) return;
    if (!exchange.complete || !exchange.keepAlive || this.server.closing) return this.finish();
    this.exchange = undefined;
    if (this.restChecks > 0) this.socket.pause();
    if (!this.parsing) this.next();
  }

  restAfterAnswer(): void {
    if (!this.server.options.sharedConnections) this.restChecks = REST_CHECKS;
  }

  pauseBody(): void {
    this.awaitReader();
    if (this.paused) return;
    this.paused = true;
    this.socket.pause();
  }

  awaitReader(): void {
    this.bodyPausedMs ??= performance.now();
  }

  resumeBody(): void {
    if (this.bodyPausedMs === undefined) return;
    const pausedMs = performance.now() - this.bodyPausedMs;
    this.bodyPausedMs = undefined;
    this.beganMs += pausedMs;
    this.deadlineMs += pausedMs;
    if (!this.paused) return;
    this.paused = false;
    this.socket.resume();
  }

  destroy(): void {
    this.outbox.flush();
    this.socket.destroy();
  }

  reset(): void {
    this.outbox.flush();
    this.socket.reset();
  }

  beginTunnel(events: SocketEvents): ByteSocket {
    const ahead = this.ahead.take();
    clearTimeout(this.askTimer);
    this.parser.release();
    this.exchange = undefined;
    this.deadlineMs = Infinity;
    this.tunnel = events;
    this.outbox.flush();
    if (this.aheadPaused) this.socket.resume();
    if (ahead.byteLength > 0) events.data(ahead);
    if (this.callerEnded) queueMicrotask(() => this.endTunnel());
    return this.socket;
  }

  // What the server asks.

  /** Whether a request has begun to come, or the first is still awaited. */
  get expectsRequest(): boolean {
    return this.waiting && (!this.served || this.parser.begun || this.ahead.length > 0);
  }

  /** Ends the connection after the exchange that it is in. */
  endWhenIdle(): void {
    if (this.tunnel || this.lingerUntilMs !== undefined) return;
    if (this.exchange) this.exchange.keepAlive = false;
    else this.finish();
  }

  checkDeadline(nowMs: number): void {
    if (this.restChecks > 0 && !this.exchange && --this.restChecks === 0) this.endRest();
    if (nowMs < this.deadlineMs || this.bodyPausedMs !== undefined) return;
    const arriving = this.exchange !== undefined || this.parser.begun;
    if (this.exchange?.headSent) return this.exchange.cut();
    if (this.lingerUntilMs !== undefined || !arriving) return this.socket.destroy();
    this.refuse(408, 'the request took too long to arrive');
  }

  private endRest(): void {
    if (!this.waiting) return;
    if (!this.aheadPaused) this.socket.resume();
    this.next();
  }

  /** Takes bytes of the next request, and of those behind it as long as each is answered on the spot. */
  private parse(bytes: Buffer): void {
    let rest = bytes;
    do {
      rest = this.parseOne(rest);
    } while (rest.byteLength > 0 && this.waiting && !this.outbox.blocked && this.restChecks === 0);
    if (rest.byteLength > 0) {
      if (this.tunnel) this.tunnel.data(rest);
      else if (this.lingerUntilMs === undefined) this.keepAhead(rest);
    }
    // It ended before this request had its turn.
    if (this.callerEnded && this.exchange) return this.askOrLeave(this.exchange);
    if (!this.waiting) return;
    if (!this.parser.begun) this.next();
    else if (this.callerEnded) this.finish();
  }

  /** Whether there is no request at the moment, and may be another. */
  private get waiting(): boolean {
    return !this.exchange && this.lingerUntilMs === undefined && !this.tunnel;
  }

  private parseOne(bytes: Buffer): Buffer {
    if (!this.exchange && !this.parser.begun) {
      this.beganMs = performance.now();
      this.deadlineMs = after(this.beganMs, this.server.options.headTimeoutMs);
      this.parser.resume();
    }
    this.parsing = true;
    try {
      const rest = this.parser.execute(bytes);
      this.hand();
      return rest;
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      if (this.exchange?.headSent) this.exchange.cut();
      else this.refuse(error.status, error.message);
      return NO_BYTES;
    } finally {
      this.parsing = false;
    }
  }

  private hand(): void {
    const { exchange } = this;
    if (!exchange || this.handed) return;
    this.handed = true;
    this.server.handle(exchange);
    exchange.holdUnreadBody();
  }

  private keepAhead(bytes: Buffer): void {
    this.ahead.push(bytes);
    if (this.aheadPaused || !this.ahead.full) return;
    this.aheadPaused = true;
    this.socket.pause();
  }

  /** Turns to the next request. A caller that does not take its answers gets no more of them made. */
  private next(): void {
    // Of the next one a part may have come already.
    if (!this.parser.begun) this.parser.release();
    if (this.outbox.blocked) {
      this.deadlineMs = Infinity;
      return this.socket.limitStall(STALLED_MS);
    }
    if (this.restChecks > 0) {
      this.deadlineMs = Infinity;
      return;
    }
    this.deadlineMs = after(performance.now(), this.server.options.keepAliveMs);
    if (this.ahead.length === 0) {
      if (this.callerEnded) this.finish();
      return;
    }
    const bytes = this.ahead.take();
    if (this.aheadPaused) this.socket.resume();
    this.aheadPaused = false;
    this.parse(bytes);
  }

  /** Answers what is no request, or no whole one. */
  private refuse(status: number, reason: string): void {
    const { exchange } = this;
    this.exchange = undefined;
    exchange?.connectionClosed();
    const refusal = this.server.refusal(status, reason);
    const body = Buffer.from(refusal.body);
    const head = statusLine(refusal.status, STATUS_TEXTS[refusal.status] ?? '') + headerLines(refusal.headers);
    this.send(`${head}Content-Length: ${body.byteLength}\r\nDate: ${httpDate()}\r\nConnection: close\r\n\r\n`);
    this.send(body);
    this.finish();
  }

  private finish(): void {
    clearTimeout(this.askTimer);
    this.parser.release();
    this.exchange = undefined;
    this.ahead.take();
    this.lingerUntilMs = Infinity;
    this.deadlineMs = Infinity;
    this.outbox.flush();
    this.socket.limitStall(STALLED_MS);
    this.socket.resume();
    this.paused = false;
    this.bodyPausedMs = undefined;
    this.socket.end();
  }

  /** All is sent: from now on the caller is expected to end, too. */
  private beginSilence(): void {
    const nowMs = performance.now();
    this.lingerUntilMs = nowMs + LINGER_MS;
    this.deadlineMs = nowMs + SILENT_LINGER_MS;
  }

  private lingerOn(): void {
    if (this.deadlineMs === Infinity) return;
    this.deadlineMs = Math.min(this.lingerUntilMs!, performance.now() + SILENT_LINGER_MS);
  }

  /** The caller has ended its half: within a request that will never come whole it has left, but may still take the answers before. */
  private askOrLeave(exchange: Exchange): void {
    if (exchange.complete) return this.askLater(FIRST_ASKED_MS);
    if (exchange.headSent) return this.socket.destroy();
    this.exchange = undefined;
    exchange.connectionClosed();
    this.finish();
  }

  private askLater(waitMs: number): void {
    clearTimeout(this.askTimer);
    const { writes } = this.outbox;
    this.askTimer = setTimeout(() => {
      const silent = this.outbox.writes === writes && !this.outbox.blocked && waitMs >= SILENT_AFTER_END_MS;
      if (!this.exchange?.ask() && silent) return this.socket.destroy();
      this.askLater(2 * waitMs);
    }, waitMs);
  }

  private endTunnel(): void {
    if (this.tunnel?.ended) this.tunnel.ended();
    else this.socket.destroy();
  }
}

function after(nowMs: number, limitMs: number): number {
  return limitMs > 0 ? nowMs + limitMs : Infinity;
}
