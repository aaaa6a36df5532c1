import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { endToEndHeaders } from '@shoal/adapters/http/end-to-end-headers';
import { routeOf, type Route } from '@shoal/domain/invocation/route';
import { ShoalError } from '@shoal/domain/shared/errors';
import { sendCallErrorRaw } from './data-plane/call-error';
import type { AsyncCallHandler } from './data-plane/handle-async-call';
import type { CallHandler } from './data-plane/handle-call';
import { StartError } from './start-error';
import { readKeyPair, renewWhenChanged, type TlsFiles } from './tls';

/** Of a request's head in all (wire contract §1.1). */
const MAX_HEADER_BYTES = 1024 * 1024;
const KEEP_ALIVE_MS = 65_000;
/** How often connections are checked for having taken too long. */
const TIMEOUT_CHECK_MS = 1_000;
const DRAIN_SWEEP_MS = 20;
/** A first request may be on its way on a connection while we begin to drain. */
const SILENT_GRACE_MS = 1_000;
const ABSOLUTE = /^https?:\/\/[^/?]*/;
const NOTHING_MORE: ReadonlySet<string> = new Set();

export interface GatewayServerOptions {
  readonly functionNamespace: string;
  /** To receive one request whole. */
  readonly readTimeoutMs: number;
  /** Without them it speaks HTTP without TLS. */
  readonly tls?: TlsFiles | undefined;
  readonly callHandler: CallHandler;
  readonly asyncCallHandler: AsyncCallHandler;
  /** Everything that is not a call. */
  readonly controlPlane: RequestListener;
}

/** The one listener: the path decides which plane answers. */
export class GatewayServer {
  private readonly server: Server;
  private draining = false;
  /** Connections that have sent no request yet; browsers open some ahead. Node does not count them as idle. */
  private readonly silent = new Set<Duplex>();
  /** With TLS, the sockets below connections whose handshake is not over, by their peers: nothing else tells which is whose. */
  private readonly handshaking = new Map<string, Socket>();

  /** @throws StartError when the files for TLS cannot be used. */
  constructor(private readonly options: GatewayServerOptions) {
    this.server = createListener(options);
    // The size of the head bounds their number; past a number of its own, Node would drop headers silently.
    this.server.maxHeadersCount = 0;
    this.server
      .on('connection', (socket: Socket) => this.awaitRequest(socket, options.tls ? this.handshaking : undefined))
      .on('secureConnection', (socket: Socket) => {
        const peer = peerOf(socket);
        this.silent.delete(this.handshaking.get(peer)!);
        this.handshaking.delete(peer);
        this.awaitRequest(socket);
      })
      .on('request', (req, res) => this.onRequest(req, res))
      // Answered by who takes the call, once it is clear that somebody wants the body.
      .on('checkContinue', (req, res) => this.onRequest(req, res))
      .on('checkExpectation', (_req, res) => res.writeHead(417).end())
      .on('upgrade', (req, socket, head) => this.onUpgrade(req, socket, head))
      .on('connect', (_req, socket) => sendCallErrorRaw(socket, new ShoalError('method-not-allowed', 'CONNECT is not for here'), 'none'))
      .on('clientError', (error: NodeJS.ErrnoException, socket) => answerClientError(error, socket as Socket));
  }

  /** Resolves with the port. @throws StartError when it cannot be had. */
  listen(host: string, port: number, setting: string): Promise<number> {
    return listen(this.server, { host, port, setting });
  }

  /** Takes no new connections and no new calls, and resolves when those in flight have ended, or after `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    this.draining = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    // A connection falls idle when its call has ended; Node closes those that are idle now only.
    const sweep = setInterval(() => this.server.closeIdleConnections(), DRAIN_SWEEP_MS);
    const endSilent = setTimeout(() => {
      for (const socket of this.silent) socket.destroy();
    }, SILENT_GRACE_MS);
    const timer = setTimeout(() => this.server.closeAllConnections(), limitMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(endSilent);
    clearTimeout(timer);
  }

  /** @param handshaking where it is to be found while its handshake goes on. */
  private awaitRequest(socket: Socket, handshaking?: Map<string, Socket>): void {
    const peer = peerOf(socket);
    this.silent.add(socket);
    handshaking?.set(peer, socket);
    socket.once('close', () => {
      this.silent.delete(socket);
      handshaking?.delete(peer);
    });
  }

  private onRequest(req: IncomingMessage, res: ServerResponse): void {
    this.silent.delete(req.socket);
    const route = this.routeOf(req);
    if (this.draining) {
      // It came on a connection that was open already; the answer asks to close that.
      sendCallErrorRaw(res.socket!, new ShoalError('shutting-down', 'the gateway is shutting down', { retryAfterSeconds: 1 }), 'none');
      return;
    }
    if (route.kind === 'control-plane') {
      if (req.headers.expect !== undefined) res.writeContinue();
      this.options.controlPlane(req, res);
      return;
    }
    if (route.kind === 'async-function') void this.options.asyncCallHandler.handle(req, res, route);
    else void this.options.callHandler.handle(req, res, route);
  }

  private onUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.silent.delete(socket);
    // Some clients offer HTTP/2 with their first request. Who does not take an offer answers as if there were none.
    if (req.headers.upgrade?.toLowerCase() !== 'websocket') return this.withoutUpgrade(req, socket, head);
    void this.options.callHandler.upgrade(req, socket, head, this.routeOf(req));
  }

  /** Gives the connection back to the server, as if the request had come without `Upgrade`. */
  private withoutUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const headers = endToEndHeaders(req.rawHeaders, NOTHING_MORE);
    let text = `${req.method} ${req.url} HTTP/1.1\r\n`;
    for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
    if (req.headers['transfer-encoding'] !== undefined) text += `Transfer-Encoding: ${req.headers['transfer-encoding']}\r\n`;
    socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
    this.server.emit(this.options.tls ? 'secureConnection' : 'connection', socket);
  }

  private routeOf(req: IncomingMessage): Route {
    // A client that takes us for a proxy sends the whole URL.
    if (req.url && ABSOLUTE.test(req.url)) req.url = req.url.replace(ABSOLUTE, '') || '/';
    return routeOf(req.method ?? 'GET', req.url ?? '/', this.options.functionNamespace);
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function createListener({ readTimeoutMs, tls }: GatewayServerOptions): Server {
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: readTimeoutMs,
    headersTimeout: readTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  };
  if (!tls) return createServer(limits);
  const server = createSecureServer({ ...limits, ...readKeyPair(tls) });
  renewWhenChanged(server, tls);
  return server;
}

/** Resolves with the port. @throws StartError naming `setting` when the port cannot be had. */
export function listen(
  server: Server,
  { host, port, setting }: { readonly host: string; readonly port: number; readonly setting: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new StartError(listenProblem(error, host, port, setting))));
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function listenProblem(error: NodeJS.ErrnoException, host: string, port: number, setting: string): string {
  if (error.code === 'EADDRINUSE') return `Port ${port} on ${host} is in use: stop what uses it, or set ${setting} to another one.`;
  if (error.code === 'EACCES') return `Port ${port} on ${host} needs more rights than we have: set ${setting} to 1024 or more.`;
  return `${host}:${port} cannot be listened on (${error.code}): check SHOAL_HOST and ${setting}.`;
}

/** Requests that cannot be read never reach a plane. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, code, text] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'headers-too-large', `the head of a request may have ${MAX_HEADER_BYTES} bytes`]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'read-timeout', 'the request did not arrive within read_timeout']
        : ['400 Bad Request', 'invalid-request', 'this is not HTTP/1.1'];
  const body = `${JSON.stringify({ code, message: text, layer: 'gateway' })}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nX-Shoal-Error: ${code}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
