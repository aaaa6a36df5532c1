import { ShoalError } from '@shoal/domain/shared/errors';
import { endToEndHeaders, endToEndLines, HOP_BY_HOP } from './end-to-end-headers';
import type { Exchange } from './exchange';
import { lastChunk, requestLine } from './header-line';
import { joinSockets } from './join-sockets';
import { isBodyless, type MessageHead } from './message-head';
import type { Upstream, UpstreamCall } from './upstream';
import type { UpstreamConnection } from './upstream-connection';

/** A server that overran its time keeps its connection for so long, to end the work in its own way. */
const ABANDON_MS = 1_000;
/** The server in front has answered an expectation already; the length is said anew, whatever `Connection` names. */
const DROPPED_FROM_REQUEST = HOP_BY_HOP.with('expect', 'content-length');
/** Methods of which a server expects to be told that there is no body (RFC 9110 §8.6). */
const WITH_BODIES: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
/** Would change what has been decided by the headers (RFC 9110 §6.5.1), or say what only we say. */
const DROPPED_FROM_TRAILERS = HOP_BY_HOP.with(
  ...['authorization', 'content-encoding', 'content-range', 'content-type', 'cookie', 'host', 'set-cookie'],
  ...['x-call-id', 'x-start-time', 'x-timeout', 'x-shoal-answered-by', 'x-shoal-error', 'x-shoal-peer', 'x-shoal-scheme', 'x-shoal-session'],
);

/** One exchange on its way: the request goes out as it comes in, and so does the answer. It is settled once. */
export class ForwardedExchange {
  /** The other side agreed to another protocol. */
  switching = false;
  /** The answer has come whole. */
  finished = false;
  private connection: UpstreamConnection | undefined;
  private readonly timer: NodeJS.Timeout | undefined;
  private settled = false;
  /** How long the other side keeps the connection, when it has said so. */
  keptMs: number | undefined;
  private keepAlive = false;
  private switchLines = '';
  private requestSent = false;
  /** No more of the body is wanted. */
  private bodyRefused = false;
  private status = 0;
  /** Who was told of the caller's leaving before, and is again when the exchange failed: the call may be tried elsewhere. */
  private readonly onClosedBefore: (() => void) | undefined;

  constructor(
    private readonly upstream: Upstream,
    private readonly exchange: Exchange,
    private readonly call: UpstreamCall,
    private readonly resolve: (status: number) => void,
    private readonly reject: (error: ShoalError) => void,
  ) {
    if (call.limitMs > 0) this.timer = setTimeout(this.onTimeout, call.limitMs);
    this.onClosedBefore = exchange.onClosed;
    exchange.onClosed = this.onCallerClosed;
    exchange.onDrained = this.onCallerDrained;
  }

  /** Whether the connection can serve another exchange after this one. */
  get reusable(): boolean {
    return this.keepAlive && this.requestSent;
  }

  start(): void {
    if (this.exchange.closed) return this.onCallerClosed();
    const idle = this.upstream.takeIdle();
    if (idle) this.send(idle);
    else this.connect();
  }

  // What the connection tells.

  head(head: MessageHead): 'no-body' | undefined {
    if (this.settled) return undefined;
    const { exchange, call } = this;
    this.status = head.status;
    // A length that an answer without a body cannot have (RFC 9110 §8.6).
    const withheld = head.status === 204 && head.lengthBytes !== undefined ? call.withheld.with('content-length') : call.withheld;
    const lines = endToEndLines(head.headers, withheld) + call.answerLines();
    if (head.status === 101) {
      this.switchProtocol(head, lines);
      return undefined;
    }
    const bodyless = exchange.method === 'HEAD' || isBodyless(head.status);
    // Some servers send the bytes that they announce where none may come: whoever asked next would take them for his answer.
    this.keepAlive = head.keepAlive && !(bodyless && (head.chunked || (head.lengthBytes ?? 0) > 0));
    this.keptMs = toldKeepAliveMs(head.headers.get('keep-alive'));
    if (!head.keepAlive && head.status >= 400) this.bodyRefused = true;
    exchange.beginParsed(head, lines);
    return exchange.method === 'HEAD' ? 'no-body' : undefined;
  }

  body(chunk: Buffer): void {
    if (this.settled) return;
    if (!this.exchange.write(chunk)) this.connection?.pause();
  }

  end(trailers: readonly string[]): void {
    if (this.switching) return;
    this.finished = true;
    if (this.settled) return;
    this.settle();
    this.exchange.end(trailers.length === 0 ? trailers : endToEndHeaders(trailers, DROPPED_FROM_TRAILERS));
    this.resolve(this.status);
  }

  drained(): void {
    if (!this.settled) this.exchange.resumeBody();
  }

  broken(reason: string): void {
    this.fail(new ShoalError('replica-failed', `${this.upstream.name} broke off: ${reason}`));
  }

  /** Both sides speak another protocol from here on: bytes go through as they are. */
  join(early: Buffer): void {
    if (this.settled) return;
    const { exchange, call, switchLines } = this;
    const connection = this.settle()!;
    joinSockets({
      client: (events) => exchange.switchProtocol(switchLines, events),
      server: (events) => connection.handOver(events),
      early,
      idleMs: call.limitMs,
      closed: () => this.resolve(101),
    });
  }

  private connect(): void {
    this.upstream.connect().then((connection) => this.send(connection)).catch((error: Error) => {
        this.fail(new ShoalError('replica-unreachable', `${this.upstream.name} cannot be reached: ${error.message}`, {}, { cause: error }));
      },
    );
  }

  private send(connection: UpstreamConnection): void {
    if (this.settled) return this.upstream.keep(connection);
    this.connection = connection;
    connection.begin(this);
    const { exchange, call } = this;
    connection.send(this.requestHead());
    if (call.body) connection.send(call.body);
    else if (exchange.hasBody) return this.sendBody(connection);
    this.requestSent = true;
  }

  private sendBody(connection: UpstreamConnection): void {
    const { exchange } = this;
    const chunked = exchange.bodyBytes === undefined;
    exchange.readBody({
      data: (chunk) => {
        if (this.settled || this.bodyRefused) return;
        if (chunked) connection.sendBody(`${chunk.byteLength.toString(16)}\r\n`);
        let more = connection.sendBody(chunk);
        if (chunked) more = connection.sendBody('\r\n');
        if (!more) exchange.pauseBody();
      },
      end: (trailers) => {
        if (this.settled || this.bodyRefused) return;
        if (chunked) connection.sendBody(lastChunk(endToEndHeaders(trailers, DROPPED_FROM_TRAILERS)));
        this.requestSent = true;
      },
    });
  }

  private requestHead(): string {
    const { exchange, call } = this;
    const head = requestLine(exchange.method, call.target ?? exchange.target) + (call.lines ?? this.callersLines());
    if (exchange.webSocket) return `${head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    if (call.body) return `${head}Content-Length: ${call.body.byteLength}\r\n\r\n`;
    if (exchange.bodyBytes !== undefined) return `${head}Content-Length: ${exchange.bodyBytes}\r\n\r\n`;
    if (exchange.hasBody) return `${head}Transfer-Encoding: chunked\r\n\r\n`;
    return WITH_BODIES.has(exchange.method) ? `${head}Content-Length: 0\r\n\r\n` : `${head}\r\n`;
  }

  private callersLines(): string {
    const { exchange, upstream } = this;
    const lines = endToEndLines(exchange.headers, DROPPED_FROM_REQUEST);
    return exchange.header('host') === undefined ? `${lines}Host: ${upstream.address}\r\n` : lines;
  }

  private switchProtocol(head: MessageHead, lines: string): void {
    if (!this.exchange.webSocket || head.upgradesTo !== 'websocket') return this.broken('it changed to a protocol that nobody asked for');
    this.switching = true;
    this.switchLines = `${lines}Connection: Upgrade\r\nUpgrade: websocket\r\n`;
  }

  private readonly onCallerClosed = (): void => {
    this.fail(new ShoalError('client-closed', 'the caller left before the call ended'));
  };

  private readonly onCallerDrained = (): void => this.connection?.resume();

  private readonly onTimeout = (): void => {
    if (this.settled) return;
    const error = this.call.timedOut();
    this.keepAlive = false; // The timer below is not for a call that comes after this one.
    const connection = this.settle();
    if (connection) setTimeout(() => connection.destroy(), ABANDON_MS).unref();
    if (this.exchange.headSent) this.exchange.cut();
    this.reject(error);
  };

  private fail(error: ShoalError): void {
    if (this.settled) return;
    this.settle()?.destroy();
    if (this.exchange.headSent) this.exchange.cut();
    this.reject(error);
  }

  private settle(): UpstreamConnection | undefined {
    this.settled = true;
    clearTimeout(this.timer);
    this.exchange.onClosed = this.onClosedBefore;
    this.exchange.onDrained = undefined;
    return this.connection;
  }
}

/** `timeout=5, max=100` (RFC 2068 §19.7.1). */
function toldKeepAliveMs(value: string | undefined): number | undefined {
  const seconds = value === undefined ? undefined : /(?:^|[,\s])timeout=(\d{1,9})/i.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}
