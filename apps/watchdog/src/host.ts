import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import type { Exchange } from '@shoal/adapters/http/exchange';
import { HttpServer } from '@shoal/adapters/http/http-server';
import { ALIVE_MS, type FromHost, type HostLogLine, type ToHost } from '@shoal/adapters/local/host-protocol';
import { connectionRoom } from '@shoal/adapters/process/connection-room';
import { sayWithoutWaiting } from '@shoal/adapters/process/say-without-waiting';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import type { FunctionSettings } from './config';
import type { WriteLine } from './function-log';
import { addressOf, functionOfMode } from './function-of-mode';
import type { HostedFunction } from './hosted-function';
import { HostedGroup, type Replica } from './hosted-group';
import type { NextUpstream } from './http-function';
import { LogRing } from './log-ring';
import { thisRuntime, type Runtime } from './runtime';

type Put = Extract<ToHost, { type: 'put' }>;

const TOKEN_LENGTH = 32;
/** Lines that a slow follower of a log has not taken yet; more are dropped. */
const MAX_FOLLOWER_LENGTH = 1024 * 1024;
/** A little more than the gateway lets in, which adds headers of its own. */
const MAX_HEAD_BYTES = 1024 * 1024 + 64 * 1024;
/** The gateway keeps its connections for less. */
const KEEP_ALIVE_MS = 60_000;
const HEAD_TIMEOUT_MS = 60_000;

/**
 * Serves all local functions of this machine over one loopback port, and does what its parent says (`ToHost`). When the
 * parent is gone, for whatever reason, it kills all that it runs and ends.
 */
export async function runHost(): Promise<void> {
  sayWithoutWaiting();
  await new FunctionHost(await thisRuntime()).start();
}

class FunctionHost {
  private readonly token = randomBytes(TOKEN_LENGTH / 2).toString('hex');
  private readonly clock = new SystemClock();
  private readonly groups = new Map<string, HostedGroup>();
  private readonly logs = new Map<string, LogRing>();
  private readonly replicas = new Map<string, Replica>();
  private readonly takenPorts = new Set<number>();
  private replicaCount = 0;
  private ending = false;

  constructor(private readonly runtime: Runtime) {}

  async start(): Promise<void> {
    // The gateway says how long a request may take to arrive; here it is already within that.
    const limits = { maxHeadBytes: MAX_HEAD_BYTES, headTimeoutMs: HEAD_TIMEOUT_MS, requestTimeoutMs: 0, keepAliveMs: KEEP_ALIVE_MS, room: connectionRoom((text) => console.warn(`the function host: ${text}`)) };
    const server = new HttpServer(this.runtime.sockets, limits, (exchange) => this.handle(exchange));
    const port = await server.listen(0, '127.0.0.1');
    process.on('message', (message) => this.onMessage(message as ToHost));
    process.on('disconnect', () => void this.end());
    process.on('SIGTERM', () => void this.end());
    // Ctrl-C reaches every process of the terminal; the parent drains first and ends us then.
    process.on('SIGINT', () => undefined);
    this.send({ type: 'listening', port, token: this.token });
    setInterval(() => this.send({ type: 'alive' }), ALIVE_MS);
  }

  private onMessage(message: ToHost): void {
    if (message.type === 'put') return this.group(message.key).apply(message);
    const group = this.groups.get(message.key);
    this.groups.delete(message.key);
    this.logs.delete(message.key);
    // Also of one that has never been here: it may have been of the host before.
    void Promise.resolve(group?.remove()).then(() => this.send({ type: 'removed', key: message.key }));
  }

  private handle(exchange: Exchange): void {
    const target = this.targetOf(exchange.target);
    if (target?.name === 'logs') return this.serveLogs(new URLSearchParams(target.rest.slice(target.rest.indexOf('?') + 1)), exchange);
    const replica = target && this.replicas.get(target.name);
    if (!replica) return exchange.send(404, []);
    exchange.target = target.rest;
    void replica.function.handle(exchange);
  }

  /** Reads `/<token>/<name>/<rest>`; `undefined` for who does not know the token. */
  private targetOf(target: string): { readonly name: string; readonly rest: string } | undefined {
    const given = Buffer.from(target.slice(1, 1 + TOKEN_LENGTH));
    if (given.byteLength !== TOKEN_LENGTH || !timingSafeEqual(given, Buffer.from(this.token))) return undefined;
    const nameStart = TOKEN_LENGTH + 2;
    const nameEnd = target.indexOf('/', nameStart);
    if (nameEnd < 0) return undefined;
    return { name: target.slice(nameStart, nameEnd), rest: target.slice(nameEnd) };
  }

  private serveLogs(query: URLSearchParams, exchange: Exchange): void {
    const ring = this.logs.get(query.get('key') ?? '');
    const instance = query.get('instance') ?? undefined;
    const number = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined);
    const [sinceMs, tail] = [number('sinceMs'), number('tail')];
    exchange.begin(200, ['Content-Type', 'application/x-ndjson']);
    let waiting: string | undefined;
    const write = (line: HostLogLine) => {
      const text = `${JSON.stringify(line)}\n`;
      if (waiting === undefined) waiting = exchange.write(Buffer.from(text)) ? undefined : '';
      else if (waiting.length < MAX_FOLLOWER_LENGTH) waiting += text;
    };
    exchange.onDrained = () => (waiting = !waiting || exchange.write(Buffer.from(waiting)) ? undefined : '');
    ring
      ?.past({ ...(instance === undefined ? {} : { instance }), ...(sinceMs === undefined ? {} : { sinceMs }), ...(tail === undefined ? {} : { tail }) })
      .forEach(write);
    if (!ring || query.get('follow') !== 'true') return exchange.end();
    exchange.onClosed = ring.follow((line) => {
      if (instance !== undefined && line.instance !== instance) return;
      write(line);
    });
  }

  private group(key: string): HostedGroup {
    const known = this.groups.get(key);
    if (known) return known;
    const ring = this.logs.get(key) ?? new LogRing();
    this.logs.set(key, ring);
    const group = new HostedGroup({
      clock: this.clock,
      start: (settings, put, log, changed) => this.startFunction(settings, put, log, changed),
      nextReplicaId: () => `r${++this.replicaCount}`,
      log: (instance, text) => ring.push({ timestamp: new Date().toISOString(), instance, text }),
      opened: (replica) => this.replicas.set(replica.id, replica),
      closed: (replica) => this.replicas.delete(replica.id),
      tell: (state) => this.send(state),
    });
    this.groups.set(key, group);
    return group;
  }

  private startFunction(settings: FunctionSettings, put: Put, write: WriteLine, changed: () => void): HostedFunction {
    const { upstreamUrl } = settings;
    return functionOfMode({
      settings,
      env: put.env,
      cwd: put.cwd,
      runtime: this.runtime,
      clock: this.clock,
      write,
      // A function that insists on its own port gets it; it can have one replica only.
      nextUpstream: async () => (upstreamUrl === undefined ? this.ownPort() : { ...addressOf(upstreamUrl), env: {} }),
      changed,
      restarting: () => undefined,
    });
  }

  /** A port for one process, under the names that functions look for. */
  private async ownPort(): Promise<NextUpstream> {
    for (;;) {
      const port = await freePort();
      if (this.takenPorts.has(port)) continue;
      this.takenPorts.add(port);
      this.clock.after(60_000, () => this.takenPorts.delete(port));
      return { host: '127.0.0.1', port, env: { PORT: String(port), http_port: String(port) } };
    }
  }

  private send(message: FromHost): void {
    // A parent that is gone is told of by 'disconnect'.
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  }

  private async end(): Promise<void> {
    if (this.ending) return;
    this.ending = true;
    await Promise.all([...this.replicas.values()].map((replica) => replica.function.stop()));
    process.exit(0);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createNetServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
