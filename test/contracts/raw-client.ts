import { connect, type Socket } from 'node:net';

/** A TCP client that says exactly what it is told and keeps what it hears, as Latin-1. */
export class RawClient {
  received = '';
  /** The other side has ended its half. */
  ended = false;
  closed = false;
  /** The connection broke: the other side reset it. */
  broken = false;
  private readonly watchers = new Set<() => void>();

  readonly localPort: number;

  private constructor(private readonly socket: Socket) {
    this.localPort = socket.localPort!;
    socket.on('data', (chunk: Buffer) => this.changed(() => (this.received += chunk.toString('latin1'))));
    socket.on('end', () => this.changed(() => (this.ended = true)));
    socket.on('error', () => this.changed(() => (this.broken = true)));
    socket.on('close', () => this.changed(() => (this.closed = true)));
  }

  static connect(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawClient(socket));
      });
    });
  }

  write(text: string | Buffer, written?: () => void): void {
    this.socket.write(text, 'latin1', written);
  }

  /** Ends its half. */
  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Resolves with all that was heard once it holds `text`. */
  async hears(text: string): Promise<string> {
    await this.until(() => this.received.includes(text), `heard ${JSON.stringify(text)}`);
    return this.received;
  }

  /** Resolves once the other side has ended its half, or the connection is closed. */
  async ends(): Promise<string> {
    await this.until(() => this.ended || this.closed, 'ended');
    return this.received;
  }

  /** Resolves at the first change after which it is so. Rejects after `limitMs`. */
  async until(so: () => boolean, what: string, limitMs = LIMIT_MS): Promise<void> {
    await until(so, this.watchers, () => `it has not ${what}, but ${JSON.stringify(this.received.slice(0, 500))}`, limitMs);
  }

  private changed(change: () => void): void {
    change();
    for (const look of this.watchers) look();
  }
}

const LIMIT_MS = 8_000;

/** Resolves as soon as one of the `watchers` that are called finds that it is so. */
export function until(so: () => boolean, watchers: Set<() => void>, complaint: () => string, limitMs = LIMIT_MS): Promise<void> {
  if (so()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const done = (act: () => void) => {
      clearTimeout(timer);
      watchers.delete(look);
      act();
    };
    const look = () => {
      if (so()) done(resolve);
    };
    const timer = setTimeout(() => done(() => reject(new Error(complaint()))), limitMs);
    watchers.add(look);
  });
}
