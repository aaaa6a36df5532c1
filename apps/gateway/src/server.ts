import { METHODS, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Exchange } from '@shoal/adapters/http/exchange';
import { HttpServer, type Refusal } from '@shoal/adapters/http/http-server';
import type { NodeSockets } from '@shoal/adapters/http/node-sockets';
import type { Sockets } from '@shoal/adapters/http/sockets';
import type { ConnectionRoom } from '@shoal/adapters/process/connection-room';
import type { Call } from '@shoal/domain/invocation/calls';
import { routeOf, type Route } from '@shoal/domain/invocation/route';
import { ShoalError } from '@shoal/domain/shared/errors';
import { sendCallError } from './data-plane/call-error';
import type { CallHandler } from './data-plane/handle-call';
import { peerOf } from './peer-headers';
import { StartError } from './start-error';

/** Of a request's head in all (wire contract §1.1). */
const MAX_HEADER_BYTES = 1024 * 1024;
const KEEP_ALIVE_MS = 65_000;
const REFUSED: Readonly<Record<number, string>> = { 405: 'method-not-allowed', 408: 'read-timeout', 429: 'over-capacity', 431: 'headers-too-large' };

const ALLOW = ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'] as const;
/** Headers that say what is to be done about it. */
const REMEDIES: Readonly<Record<number, readonly string[]>> = { 405: ALLOW, 429: ['Retry-After', '1'] };

/** Takes what is no call to be answered now. */
export type OtherHandler = (exchange: Exchange, route: Extract<Route, { kind: 'control-plane' | 'async-function' }>) => void;

export interface GatewayServerOptions {
  readonly sockets: Sockets;
  readonly functionNamespace: string;
  /** To receive one request whole. */
  readonly readTimeoutMs: number;
  readonly callHandler: CallHandler;
  readonly others: OtherHandler;
  /** Whether its callers are our own processes, which say by headers whose requests they pass on. */
  readonly relayed?: boolean;
  readonly room: ConnectionRoom;
}

/** The one listener: the path decides which plane answers. */
export class GatewayServer {
  private readonly server: HttpServer;
  private draining = false;

  constructor(private readonly options: GatewayServerOptions) {
    const limits = {
      maxHeadBytes: MAX_HEADER_BYTES,
      headTimeoutMs: options.readTimeoutMs,
      requestTimeoutMs: options.readTimeoutMs,
      keepAliveMs: KEEP_ALIVE_MS,
      tellsKeepAlive: true,
      refusal,
      room: options.room,
      sharedConnections: options.relayed ?? false,
      onConnection: () => options.callHandler.turns.accepted(),
    };
    this.server = new HttpServer(options.sockets, limits, (exchange) => this.handle(exchange));
  }

  /** Resolves with the port. @throws StartError naming `setting` when it cannot be had. */
  async listen(host: string, port: number, setting: string): Promise<number> {
    try {
      return await this.server.listen(port, host);
    } catch (error) {
      throw new StartError(listenProblem(error as NodeJS.ErrnoException, { host, port, setting }));
    }
  }

  /** As `listen`, on a socket file of our own processes. */
  async listenPath(sockets: Pick<NodeSockets, 'listenPath'>, path: string): Promise<void> {
    await this.server.listenBy((accepted) => sockets.listenPath(path, accepted));
  }

  /** Takes no new connections and no new calls, and resolves when those in flight have ended, or after `limitMs`. */
  drain(limitMs: number): Promise<void> {
    this.draining = true;
    return this.server.drain(limitMs);
  }

  private handle(exchange: Exchange): void {
    if (this.options.relayed) exchange.peer = peerOf(exchange);
    if (this.draining) {
      // It came on a connection that was open already; the answer asks to close that.
      return sendCallError(exchange, new ShoalError('shutting-down', 'the gateway is shutting down', { retryAfterSeconds: 1 }), 'none');
    }
    const route = routeOf(exchange.method, exchange.target, this.options.functionNamespace);
    if (route.kind === 'control-plane' && METHODS.includes(exchange.method) && !exchange.webSocket) this.options.others(exchange, route);
    else if (this.options.callHandler.turns.mayBegin()) this.begin(exchange, route);
    else this.beginInTurn(exchange, route);
  }

  /** What is for the data plane, or for nobody. */
  private begin(exchange: Exchange, route: Route, call?: Call): void {
    if (exchange.webSocket && route.kind !== 'function') {
      sendCallError(exchange, new ShoalError('route-not-found', 'only functions take upgrades: /function/NAME'), 'none');
    } else if (route.kind === 'control-plane') {
      // Node's parser, which comes next, would take it for no request. Functions may have methods of their own.
      sendCallError(exchange, new ShoalError('method-not-allowed', 'there is no such method here'), 'none', ALLOW);
    } else if (route.kind === 'async-function') {
      this.options.others(exchange, route);
    } else {
      void this.options.callHandler.handle(exchange, route, call);
    }
  }

  private beginInTurn(exchange: Exchange, route: Route): void {
    const { callHandler } = this.options;
    const call = callHandler.newCall();
    callHandler.turns.defer(callHandler.laneOf(exchange, route), {
      begin: () => exchange.closed || this.begin(exchange, route, call),
      refuse: () => exchange.closed || callHandler.refuse(exchange, route, call),
    });
  }
}

/** How requests that cannot be read are answered; they never reach a plane. */
function refusal(status: number, reason: string): Refusal {
  const code = REFUSED[status] ?? 'invalid-request';
  const body = `${JSON.stringify({ code, message: reason, layer: 'gateway' })}\n`;
  return { status, headers: ['Content-Type', 'application/json', 'X-Shoal-Error', code, ...(REMEDIES[status] ?? [])], body };
}

/** Resolves with the port. @throws StartError naming `setting` when the port cannot be had. */
export function listen(server: Server, { host, port, setting }: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new StartError(listenProblem(error, { host, port, setting }))));
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** The one that names the port. */
  readonly setting: string;
}

function listenProblem(error: NodeJS.ErrnoException, { host, port, setting }: ListenOptions): string {
  if (error.code === 'EADDRINUSE') return `Port ${port} on ${host} is in use: stop what uses it, or set ${setting} to another one.`;
  if (error.code === 'EACCES') return `Port ${port} on ${host} needs more rights than we have: set ${setting} to 1024 or more.`;
  return `${host}:${port} cannot be listened on (${error.code}): check SHOAL_HOST and ${setting}.`;
}
