import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FromHost, HostLogLine, ToHost } from '@shoal/adapters/local/host-protocol';
import { NodeProcessSpawner } from '@shoal/adapters/process/node-process-spawner';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import type { FunctionSettings } from './config';
import { ForkingFunction } from './forking-function';
import type { WriteLine } from './function-log';
import type { HostedFunction } from './hosted-function';
import { HostedGroup, type Replica } from './hosted-group';
import { HttpFunction } from './http-function';
import { LogRing } from './log-ring';

type Put = Extract<ToHost, { type: 'put' }>;

const TOKEN_LENGTH = 32;
/** A little more than the gateway lets in, which adds headers of its own. */
const MAX_HEADER_BYTES = 1024 * 1024 + 64 * 1024;
/** Lines that a slow follower of a log has not taken yet; more are dropped. */
const MAX_FOLLOWER_BYTES = 1024 * 1024;

/**
 * Serves all local functions of this machine over one loopback port, and does what its parent says (`ToHost`). When the
 * parent is gone, for whatever reason, it kills all that it runs and ends.
 */
export function runHost(): void {
  new FunctionHost().start();
}

class FunctionHost {
  private readonly token = randomBytes(TOKEN_LENGTH / 2).toString('hex');
  private readonly clock = new SystemClock();
  private readonly spawner = new NodeProcessSpawner();
  private readonly groups = new Map<string, HostedGroup>();
  private readonly logs = new Map<string, LogRing>();
  private readonly replicas = new Map<string, Replica>();
  private readonly takenPorts = new Set<number>();
  private replicaCount = 0;
  private ending = false;

  start(): void {
    const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: 60_000, requestTimeout: 0, headersTimeout: 60_000 });
    server.maxHeadersCount = 0;
    server.on('request', (req, res) => this.onRequest(req, res));
    server.on('checkContinue', (req, res) => {
      res.writeContinue();
      this.onRequest(req, res);
    });
    server.on('upgrade', (req, socket, head) => this.onUpgrade(req, socket, head));
    server.listen(0, '127.0.0.1', () => {
      this.send({ type: 'listening', port: (server.address() as AddressInfo).port, token: this.token });
    });
    process.on('message', (message) => this.onMessage(message as ToHost));
    process.on('disconnect', () => void this.end());
    process.on('SIGTERM', () => void this.end());
    // Ctrl-C reaches every process of the terminal; the parent drains first and ends us then.
    process.on('SIGINT', () => undefined);
  }

  private onMessage(message: ToHost): void {
    if (message.type === 'put') return this.group(message.key).apply(message);
    const group = this.groups.get(message.key);
    this.groups.delete(message.key);
    this.logs.delete(message.key);
    void group?.remove();
  }

  private onRequest(req: IncomingMessage, res: ServerResponse): void {
    const target = this.targetOf(req);
    if (target?.name === 'logs') return this.serveLogs(new URL(target.rest, 'http://host'), res);
    const replica = target && this.replicas.get(target.name);
    if (!replica) {
      res.writeHead(404).end();
      return;
    }
    req.url = target.rest;
    void replica.function.handle(req, res);
  }

  private onUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const target = this.targetOf(req);
    const replica = target && this.replicas.get(target.name);
    if (!replica) return void socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    req.url = target.rest;
    void replica.function.upgrade(req, socket, head);
  }

  /** Reads `/<token>/<name>/<rest>`; `undefined` for who does not know the token. */
  private targetOf(req: IncomingMessage): { readonly name: string; readonly rest: string } | undefined {
    const url = req.url ?? '';
    const given = Buffer.from(url.slice(1, 1 + TOKEN_LENGTH));
    if (given.byteLength !== TOKEN_LENGTH || !timingSafeEqual(given, Buffer.from(this.token))) return undefined;
    const nameStart = TOKEN_LENGTH + 2;
    const nameEnd = url.indexOf('/', nameStart);
    if (nameEnd < 0) return undefined;
    return { name: url.slice(nameStart, nameEnd), rest: url.slice(nameEnd) };
  }

  private serveLogs(url: URL, res: ServerResponse): void {
    const query = url.searchParams;
    const ring = this.logs.get(query.get('key') ?? '');
    const instance = query.get('instance') ?? undefined;
    const number = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined);
    const [sinceMs, tail] = [number('sinceMs'), number('tail')];
    res.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    res.flushHeaders();
    const write = (line: HostLogLine) => res.write(`${JSON.stringify(line)}\n`);
    ring
      ?.past({ ...(instance === undefined ? {} : { instance }), ...(sinceMs === undefined ? {} : { sinceMs }), ...(tail === undefined ? {} : { tail }) })
      .forEach(write);
    if (!ring || query.get('follow') !== 'true') {
      res.end();
      return;
    }
    const unfollow = ring.follow((line) => {
      if (instance !== undefined && line.instance !== instance) return;
      if (res.writableLength < MAX_FOLLOWER_BYTES) write(line);
    });
    res.on('close', unfollow);
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

  private startFunction(settings: FunctionSettings, put: Put, log: WriteLine, changed: () => void): HostedFunction {
    const shared = { settings, env: put.env, cwd: put.cwd, spawner: this.spawner, clock: this.clock, log };
    if (settings.mode === 'serializing') return new ForkingFunction(shared);
    const { upstreamUrl } = settings;
    return new HttpFunction({
      ...shared,
      // A function that insists on its own port gets it; it can have one replica only.
      nextUpstream: async () => (upstreamUrl === undefined ? this.ownPort() : { origin: new URL(upstreamUrl).origin, env: {} }),
      changed,
    });
  }

  /** A port for one process, under the names that functions look for. */
  private async ownPort(): Promise<{ origin: string; env: Record<string, string> }> {
    for (;;) {
      const port = await freePort();
      if (this.takenPorts.has(port)) continue;
      this.takenPorts.add(port);
      this.clock.after(60_000, () => this.takenPorts.delete(port));
      return { origin: `http://127.0.0.1:${port}`, env: { PORT: String(port), http_port: String(port) } };
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
