import type { HeaderBlock } from './header-block';
import { headerLine, lastChunk, statusLine } from './header-line';
import { httpDate } from './http-date';
import type { MessageHead } from './message-head';
import type { ByteSocket, Peer, SocketEvents } from './sockets';
import { STATUS_TEXTS } from './status-texts';

/** Takes a request's body as it comes. */
export interface BodyReader {
  data(chunk: Buffer): void;
  /** The body is whole. Not called when the caller leaves before. */
  end(trailers: readonly string[]): void;
}

/** What an exchange asks of its connection. */
export interface ExchangeConnection {
  readonly peer: Peer;
  /** Header lines of an answer behind which the connection is kept; may be empty. */
  readonly keepAliveLines: string;
  /** False asks to wait for `onDrained`. */
  send(bytes: Uint8Array | string): boolean;
  /** The answer is out. */
  answered(exchange: Exchange): void;
  /** After the present answer no request is read for a while. */
  restAfterAnswer(): void;
  pauseBody(): void;
  resumeBody(): void;
  /** The time until `resumeBody` is not the caller's. */
  awaitReader(): void;
  destroy(): void;
  reset(): void;
  /** Bytes that came behind the request go to `events` first. */
  beginTunnel(events: SocketEvents): ByteSocket;
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const NO_TRAILERS: readonly string[] = [];
/** Of a body that nobody has asked for yet. */
const MAX_HELD_BYTES = 64 * 1024;
const CONTENT_LENGTH = /^\d{1,15}$/;

/**
 * One request and its answer.
 *
 * The handler answers exactly once: `send`, or `begin`, `write` and `end`. Once the caller has left (`closed`), all of
 * them do nothing.
 */
export class Exchange {
  /** Path and query, as they came. Whoever hands the exchange on may change them. */
  target: string;
  /** The connection ended before the answer was whole: the caller has left, or `cut` was called. */
  onClosed: (() => void) | undefined;
  /** The answer goes on after `write` returned false. */
  onDrained: (() => void) | undefined;
  headSent = false;
  /** All of the answer has been written. */
  answered = false;
  closed = false;
  status = 0;
  /** Bytes of the answer's body. */
  bytesSent = 0;
  private knownPeer: Peer | undefined;
  private reader: BodyReader | undefined;
  private held: Buffer[] = [];
  private heldBytes = 0;
  private bodyComplete = false;
  private trailers = NO_TRAILERS;
  private chunked = false;
  private bodyless = false;
  /** Of the answer's body, still to come; `undefined` without a `Content-Length`. */
  private leftBytes: number | undefined;

  /** @param keepAlive whether the connection may serve another request; can be taken back until the head is sent. */
  constructor(
    private readonly connection: ExchangeConnection,
    private readonly request: MessageHead,
    public keepAlive: boolean,
  ) {
    this.target = request.target;
  }

  /** Who sent it: the connection's other end, unless whoever hands the exchange on knows better. */
  get peer(): Peer {
    return this.knownPeer ?? this.connection.peer;
  }

  set peer(peer: Peer) {
    this.knownPeer = peer;
  }

  get method(): string {
    return this.request.method;
  }

  /** Names and values in turn, as they came. */
  get rawHeaders(): readonly string[] {
    return this.request.headers.flat;
  }

  get headers(): HeaderBlock {
    return this.request.headers;
  }

  /** Whether it asks for a WebSocket. */
  get webSocket(): boolean {
    return this.request.upgradesTo === 'websocket' && this.method === 'GET' && !this.hasBody;
  }

  /** Whether it says that it carries a body. */
  get hasBody(): boolean {
    return this.request.chunked || (this.bodyBytes ?? 0) > 0;
  }

  /** What it says of its body's length; `undefined` when it does not, or when there is no body. */
  get bodyBytes(): number | undefined {
    return this.request.lengthBytes;
  }

  /** Whether all of the request has arrived. */
  get complete(): boolean {
    return this.bodyComplete;
  }

  /** The first value of a header, by its name in lower case. */
  header(name: string): string | undefined {
    return this.request.headers.get(name);
  }

  /**
   * Hands over what has come of the body, at once, and the rest as it comes. A caller that waits for `100 Continue` gets
   * it now.
   */
  readBody(reader: BodyReader): void {
    const first = this.reader === undefined;
    this.reader = reader;
    if (first && this.request.expectsContinue && !this.bodyComplete && !this.headSent) this.connection.send(CONTINUE);
    // Before the reader gets anything: it may ask for a pause.
    if (first && !this.bodyComplete) this.resumeBody();
    this.heldBytes = 0;
    for (const chunk of this.held.splice(0)) reader.data(chunk);
    if (this.bodyComplete) reader.end(this.trailers);
  }

  /** A piece that has come already may still follow. While the body is paused, the caller's time is not counted. */
  pauseBody(): void {
    if (!this.bodyComplete && !this.closed && !this.answered) this.connection.pauseBody();
  }

  resumeBody(): void {
    if (!this.closed && !this.answered) this.connection.resumeBody();
  }

  /** Answers in one go. @throws TypeError as `begin` does. */
  send(status: number, headers: readonly string[], body: Uint8Array | string = ''): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    if (!this.bodyComplete) this.keepAlive = false;
    this.begin(status, [...headers, 'Content-Length', String(bytes.byteLength)]);
    this.write(bytes);
    this.end();
  }

  /**
   * Begins an answer. Without a `Content-Length` among its headers it is framed as HTTP of the caller's version allows.
   * `Connection` and `Transfer-Encoding` are the server's: they are left out.
   *
   * @throws TypeError when a header, the status or its text cannot be sent: an end of line in it, or no Latin-1. Nothing
   * has been sent then.
   */
  begin(status: number, headers: readonly string[], statusText = STATUS_TEXTS[status] ?? ''): void {
    let lines = statusLine(status, statusText);
    let lengthBytes: number | undefined;
    let dated = false;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i]!;
      const value = headers[i + 1]!;
      switch (name.toLowerCase()) {
        case 'date':
          dated = true;
          break;
        case 'connection':
        case 'transfer-encoding':
          continue;
        case 'content-length':
          if (!CONTENT_LENGTH.test(value) || lengthBytes !== undefined) throw new TypeError('the Content-Length cannot be sent');
          lengthBytes = Number(value);
          if (status === 204) continue;
          break;
      }
      lines += headerLine(name, value);
    }
    this.sendHead(lines, { status, dated, lengthBytes });
  }

  /**
   * Begins an answer with one that has come through a parser, and so holds nothing that cannot be sent.
   *
   * @param lines of its headers, each with its end, without those of the connection and of the framing but `Content-Length`.
   */
  beginParsed(head: MessageHead, lines: string): void {
    this.sendHead(`HTTP/1.1 ${head.status} ${head.statusText}\r\n${lines}`, head);
  }

  /**
   * Sends a piece of the body. False asks to wait for `onDrained`.
   *
   * @throws TypeError when it is more than the answer's `Content-Length` says.
   */
  write(chunk: Uint8Array): boolean {
    if (this.closed || this.bodyless || this.answered || chunk.byteLength === 0) return true;
    if (!this.headSent) throw new TypeError('the answer has no head yet');
    if (this.leftBytes !== undefined) {
      if (chunk.byteLength > this.leftBytes) throw new TypeError('the answer is longer than its Content-Length');
      this.leftBytes -= chunk.byteLength;
    }
    this.bytesSent += chunk.byteLength;
    if (!this.chunked) return this.connection.send(chunk);
    this.connection.send(`${chunk.byteLength.toString(16)}\r\n`);
    this.connection.send(chunk);
    return this.connection.send('\r\n');
  }

  /**
   * Ends the answer; one that is shorter than its `Content-Length` is cut. Trailers reach the caller when there is room
   * for them, which is when no length was said.
   */
  end(trailers: readonly string[] = NO_TRAILERS): void {
    if (this.answered || this.closed) return;
    if (!this.headSent) throw new TypeError('the answer has no head yet');
    if (this.leftBytes !== undefined && this.leftBytes > 0) return this.cut();
    if (this.chunked) this.connection.send(lastChunk(trailers));
    this.answered = true;
    this.connection.answered(this);
  }

  /** For a caller that is to come again later: what it sends sooner on this connection is read after half a second to a second. */
  restAfterAnswer(): void {
    this.connection.restAfterAnswer();
  }

  /** Breaks the connection, so that the caller cannot take half an answer for a whole one. */
  cut(): void {
    if (this.closed || this.answered) return;
    // An answer without a frame ends with its connection: only a reset tells that this is no end.
    if (this.headSent && !this.chunked && this.leftBytes === undefined) this.connection.reset();
    else this.connection.destroy();
  }

  /**
   * Answers that the protocol changes, and hands the connection over. What `events` is told comes from the caller, some
   * of it before this returns.
   *
   * @param lines of the answer's headers, each with its end, the ones that name the protocol among them. They go out unchecked.
   */
  switchProtocol(lines: string, events: SocketEvents): ByteSocket {
    const head = `HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`;
    this.headSent = true;
    this.answered = true;
    this.status = 101;
    this.connection.send(head);
    return this.connection.beginTunnel(events);
  }

  private sendHead(lines: string, { status, dated, lengthBytes }: Pick<MessageHead, 'status' | 'dated' | 'lengthBytes'>): void {
    if (this.headSent || this.closed) return;
    const bodyless = this.method === 'HEAD' || status === 204 || status === 304;
    this.headSent = true;
    this.status = status;
    this.bodyless = bodyless;
    // What is left of the request is not read to its end: the connection cannot serve another.
    if (!this.bodyComplete) this.keepAlive = false;
    if (!bodyless) this.leftBytes = lengthBytes;
    const date = dated ? '' : `Date: ${httpDate()}\r\n`;
    this.connection.send(lines + date + this.framing(bodyless || lengthBytes !== undefined));
  }

  private framing(framed: boolean): string {
    let lines = '';
    if (!framed && this.request.minor === 1) {
      this.chunked = true;
      lines = 'Transfer-Encoding: chunked\r\n';
    } else if (!framed) {
      this.keepAlive = false;
    }
    if (!this.keepAlive) lines += 'Connection: close\r\n';
    else lines += this.connection.keepAliveLines || (this.request.minor === 0 ? 'Connection: keep-alive\r\n' : '');
    return `${lines}\r\n`;
  }

  // What follows is for the connection.

  bodyData(chunk: Buffer): void {
    if (this.answered) return;
    if (this.reader) return this.reader.data(chunk);
    this.held.push(chunk);
    this.heldBytes += chunk.byteLength;
    if (this.heldBytes > MAX_HELD_BYTES) this.pauseBody();
  }

  bodyEnd(trailers: readonly string[]): void {
    this.bodyComplete = true;
    this.trailers = trailers;
    if (!this.answered) this.reader?.end(trailers);
  }

  /**
   * Nobody has asked for the body yet. A little of it is taken all the same: on a connection that is not read from, nobody
   * would notice that the caller leaves.
   */
  holdUnreadBody(): void {
    if (!this.reader && !this.bodyComplete && !this.closed && !this.answered) this.connection.awaitReader();
  }

  /** Asks a caller that has ended its half whether it is still there: one that has left breaks the connection. */
  ask(): boolean {
    if (this.headSent || this.request.minor === 0) return false;
    this.connection.send(CONTINUE);
    return true;
  }

  connectionClosed(): void {
    if (this.closed) return;
    this.closed = true;
    this.held = [];
    if (!this.answered) this.onClosed?.();
  }
}
