import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { GatewayProcess } from '../e2e/gateway-process';
import { strictRequests, type SeenRequest, type SeenRequests } from './strict-requests';

/** One connection to the server: exact bytes in, whatever bytes out. */
export class UpstreamSide {
  /** All that came, as Latin-1. */
  received = '';
  ended = false;
  closed = false;
  private answeredOf = 0;

  constructor(
    readonly socket: Socket,
    played: (side: UpstreamSide) => Played,
  ) {
    const { request, bytes } = played(this);
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
      bytes?.(chunk);
      if (!request) return;
      const { requests } = this.seen;
      for (const one of requests.slice(this.answeredOf)) {
        this.answeredOf++;
        request(one, this.answeredOf);
      }
    });
    socket.on('end', () => (this.ended = true));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
  }

  get seen(): SeenRequests {
    return strictRequests(this.received);
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

export function echoOf({ method, target, headers, body, trailers }: SeenRequest): string {
  const text = JSON.stringify({ method, target, headers, body, trailers });
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Echo: yes\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${method === 'HEAD' ? '' : Buffer.from(text).toString('latin1')}`;
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
    return this.sides.flatMap(({ seen }) => seen.requests);
  }

  get doubts(): readonly string[] {
    return this.sides.flatMap(({ seen: { doubt } }) => doubt ?? []);
  }

  /** Ends the connections there are, and with them what is known of them. */
  forget(): void {
    for (const { socket } of this.all.splice(0)) socket.destroy();
  }

  stop(): void {
    this.forget();
    this.server.close();
  }

  /** Makes it the server of a function; the process that the platform keeps for it does nothing. */
  async deploy(gateway: GatewayProcess, name: string, envVars: Readonly<Record<string, string>> = {}): Promise<void> {
    await gateway.deploy(name, { envProcess: 'sleep 86400', labels: { 'com.openfaas.scale.max': '1' }, envVars: { mode: 'http', upstream_url: `http://127.0.0.1:${this.port}`, ...envVars } });
  }
}
