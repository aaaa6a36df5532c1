import type { ByteSocket, SocketEvents } from '@shoal/adapters/http/sockets';
import { until } from './raw-client';

/** A socket of ours with all that it was told. */
export class Told implements SocketEvents {
  readonly chunks: Buffer[] = [];
  readonly events: string[] = [];
  private readonly watchers = new Set<() => void>();

  constructor(readonly socket: ByteSocket) {}

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  data(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.changed();
  }

  drained(): void {
    this.add('drained');
  }

  ended(): void {
    this.add('ended');
  }

  closed(): void {
    this.add('closed');
  }

  hears(text: string): Promise<void> {
    return this.until(() => this.text.includes(text), text);
  }

  is(event: string): Promise<void> {
    return this.until(() => this.events.includes(event), event);
  }

  until(so: () => boolean, what: string): Promise<void> {
    return until(so, this.watchers, () => `not ${what}, but ${this.events.join()} ${this.text.slice(0, 200)}`);
  }

  private add(event: string): void {
    this.events.push(event);
    this.changed();
  }

  private changed(): void {
    for (const look of this.watchers) look();
  }
}
