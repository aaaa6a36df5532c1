import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ClientRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { freePort } from './free-port';

/** A proxy that takes a connection before it can serve one may never answer it. */
const STARTING_MS = 2_000;
const TLS = { servername: 'localhost', rejectUnauthorized: false };

/** Where things are on this machine. */
export interface Places {
  /** A folder of its own. */
  readonly home: string;
  /** For TLS. */
  readonly port: number;
  readonly httpPort: number;
  readonly gatewayPort: number;
}

/** A reverse proxy, and a server in the place of the gateway that tells what has come through. */
export class RunningProxy {
  port = 0;
  httpPort = 0;
  /** What has come of the body of a request to `/upload`. */
  uploaded = '';
  /** Lets the answer of `/stream` go on. */
  release: () => void = () => undefined;
  private readonly home = mkdtempSync(join(tmpdir(), 'shoal-proxy-'));
  private readonly gateway: Server = createServer((req, res) => void this.answer(req, res));
  private child: ChildProcess | undefined;
  private output = '';

  async start(prepare: (setup: Places) => string[]): Promise<void> {
    this.gateway.on('upgrade', (_req, socket: Socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.pipe(socket);
    });
    await once(this.gateway.listen(0), 'listening');
    [this.port, this.httpPort] = [await freePort(), await freePort()];
    const gatewayPort = (this.gateway.address() as AddressInfo).port;
    const [program, ...args] = prepare({ home: this.home, port: this.port, httpPort: this.httpPort, gatewayPort });
    this.child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    await this.until(() => this.isUp());
  }

  private isUp(): Promise<boolean> {
    return new Promise((resolve) => {
      const asked = this.request('GET', '/healthz').on('error', () => resolve(false));
      asked.on('response', (answer) => resolve(answer.resume().statusCode === 200)).setTimeout(STARTING_MS, () => asked.destroy()).end();
    });
  }

  async stop(): Promise<void> {
    if (this.child?.exitCode === null && this.child.kill()) await once(this.child, 'exit');
    this.gateway.closeAllConnections();
    this.gateway.close();
    rmSync(this.home, { recursive: true });
  }

  async ask(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<{ status: number; text: string }> {
    const answer = await this.open(method, path, headers, body);
    let text = '';
    for await (const chunk of answer) text += String(chunk);
    return { status: answer.statusCode!, text };
  }

  async open(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<IncomingMessage> {
    const [answer] = (await once(this.request(method, path, headers).end(body), 'response')) as [IncomingMessage];
    return answer;
  }

  /** The path goes out as it is. */
  request(method: string, path: string, headers: Record<string, string> = {}): ClientRequest {
    return request({ ...TLS, host: '127.0.0.1', port: this.port, method, path, agent: false, headers: { host: `localhost:${this.port}`, ...headers } });
  }

  async upgrade(path: string): Promise<TLSSocket & { received: string }> {
    const socket = Object.assign(connect({ ...TLS, host: '127.0.0.1', port: this.port }), { received: '' });
    socket.on('data', (chunk: Buffer) => (socket.received += chunk.toString()));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${this.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    await this.until(() => socket.received.includes('\r\n\r\n'));
    return socket;
  }

  /** A test's time limit ends the waiting. */
  async until(condition: () => Promise<boolean> | boolean): Promise<void> {
    while (!(await condition())) {
      if (this.child?.exitCode !== null) throw new Error(`the proxy has ended: ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.url === '/stream') {
      res.write('first');
      this.release = () => res.end('second');
      return;
    }
    let body = '';
    for await (const chunk of req) {
      body += String(chunk);
      if (req.url === '/upload') this.uploaded = body;
    }
    res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers, body }));
  }
}

/** One for the specs around. `prepare` makes its files, and returns the command that serves them. */
export function useProxy(prepare: (setup: Places) => string[]): RunningProxy {
  const proxy = new RunningProxy();
  beforeAll(() => proxy.start(prepare));
  afterAll(() => proxy.stop());
  return proxy;
}
