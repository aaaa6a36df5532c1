import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { GatewayProcess } from '../e2e/gateway-process';
import { headerOf, type SeenAnswer } from './strict-answers';
import { strictRequests, type SeenRequest } from './strict-requests';

/** One connection to the server: exact bytes in, whatever bytes out. */
export class UpstreamSide {
  /** All that came, as Latin-1. */
  received = '';
  requests: SeenRequest[] = [];
  /** Why what came behind them could be read in two ways. */
  doubt: string | undefined;
  /** Of a request that has not come whole. */
  rest = '';
  ended = false;
  closed = false;

  constructor(
    readonly socket: Socket,
    played: (side: UpstreamSide) => Played,
  ) {
    const { request, bytes } = played(this);
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      this.received += text;
      const { requests, doubt, rest } = strictRequests(this.rest + text);
      [this.doubt, this.rest] = [this.doubt ?? doubt, rest];
      bytes?.(chunk);
      for (const one of requests) request?.(one, this.requests.push(one));
      // What cannot be understood is answered as servers do.
      if (doubt !== undefined && request) this.socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
    socket.on('end', () => {
      this.ended = true;
      socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
  }

  forget(): void {
    [this.received, this.requests, this.doubt] = ['', [], undefined];
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes, 'latin1');
  }
}

export interface Played {
  /** Called for each request that has come whole; `count` of them on this connection. */
  readonly request?: (request: SeenRequest, count: number) => void;
  /** Called for all that comes. */
  readonly bytes?: (chunk: Buffer) => void;
}

/** Answers each request with what was seen of it. */
export const echoing = (side: UpstreamSide): Played => ({ request: (request) => side.write(echoOf(request)) });

/** Says it in a header, so that who asks with HEAD is told as well; without a body. */
export function echoOf({ method, target, headers, body, trailers }: SeenRequest): string {
  const text = Buffer.from(JSON.stringify({ method, target, headers, body, trailers })).toString('base64');
  return `HTTP/1.1 200 OK\r\nX-Echo: ${text}\r\nContent-Length: 0\r\n\r\n`;
}

/** What an answer of a function says that was asked; `undefined` when it is somebody else's answer. */
export function echoIn(answer: SeenAnswer): SeenRequest | undefined {
  const text = headerOf(answer, 'x-echo');
  return text === undefined ? undefined : (JSON.parse(Buffer.from(text, 'base64').toString()) as SeenRequest);
}

/** The server of a function, which is this process: it sees each byte that the platform sends it, and says what the test likes. */
export class RawUpstream {
  /** Connections on which something was said: the probe of whether somebody listens says nothing. */
  get sides(): readonly UpstreamSide[] {
    return this.all.filter(({ received }) => received !== '');
  }

  private all: UpstreamSide[] = [];
  private readonly server = createServer({ allowHalfOpen: true }, (socket) => void this.all.push(new UpstreamSide(socket, (side) => this.play(side))));

  private constructor(public play: (side: UpstreamSide) => Played) {}

  static async start(play: (side: UpstreamSide) => Played = echoing): Promise<RawUpstream> {
    const upstream = new RawUpstream(play);
    await new Promise<void>((resolve) => upstream.server.listen(0, '127.0.0.1', resolve));
    return upstream;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** What all connections have brought since `forget`. */
  get requests(): readonly SeenRequest[] {
    return this.sides.flatMap(({ requests }) => requests);
  }

  get doubts(): readonly string[] {
    return this.sides.flatMap(({ doubt }) => doubt ?? []);
  }

  /** What has come so far; the connections stay. */
  forget(): void {
    this.all = this.all.filter(({ closed }) => !closed);
    for (const side of this.all) side.forget();
  }

  stop(): void {
    for (const { socket } of this.all) socket.destroy();
    this.server.close();
  }

  /** Makes it the server of a function; the process that the platform keeps for it does nothing. */
  async deploy(gateway: GatewayProcess, name: string, envVars: Readonly<Record<string, string>> = {}): Promise<void> {
    await gateway.deploy(name, { envProcess: 'sleep 86400', labels: { 'com.openfaas.scale.max': '1' }, envVars: { mode: 'http', upstream_url: `http://127.0.0.1:${this.port}`, ...envVars } });
  }
}
