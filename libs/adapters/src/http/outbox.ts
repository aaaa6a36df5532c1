import type { ByteSocket } from './sockets';

/** What goes out together is copied together up to this size, because a write costs more than a copy. */
const JOINED_BYTES = 128 * 1024;

/**
 * Collects what is sent within a turn and writes it at the turn's end, at once when it is much: a head and a short body
 * cost one write. Keeps back-pressure: what is held here is never more than `JOINED_BYTES` and one piece.
 */
export class Outbox {
  /** Whether the socket asked to wait for `drained`. */
  blocked = false;
  /** Counts what was written; to see whether anything was. */
  writes = 0;
  private parts: (Uint8Array | string)[] = [];
  private bytes = 0;
  private scheduled = false;
  /** Whether `sendLater` asked to wait for a flush. */
  private full = false;

  /** @param onRoom what was too much for `sendLater` has been written, and the socket takes more. */
  constructor(
    private readonly socket: ByteSocket,
    private readonly onRoom?: () => void,
  ) {}

  /** False asks to wait until the socket tells `drained`. */
  send(part: Uint8Array | string): boolean {
    this.add(part);
    if (this.bytes >= JOINED_BYTES) {
      this.flush();
    } else if (!this.scheduled) {
      this.scheduled = true;
      queueMicrotask(this.flush);
    }
    return !this.blocked;
  }

  /**
   * As `send`, but not before everything has been told that has come in by now. Who answers without reading all of a body
   * may reset the connection, and a write that fails would lose its answer. False asks to wait for `drained` or `onRoom`.
   */
  sendLater(part: Uint8Array | string): boolean {
    this.add(part);
    if (!this.scheduled) {
      this.scheduled = true;
      setImmediate(this.flush);
    }
    this.full ||= this.bytes >= JOINED_BYTES;
    return !this.blocked && !this.full;
  }

  readonly flush = (): void => {
    this.scheduled = false;
    const { parts, bytes, full } = this;
    if (bytes === 0) return;
    this.parts = [];
    this.bytes = 0;
    this.full = false;
    this.writes++;
    if (parts.length === 1) this.write(parts[0]!);
    else if (bytes <= 2 * JOINED_BYTES) this.write(joined(parts, bytes));
    else for (const part of parts) this.write(part);
    if (full && !this.blocked) this.onRoom?.();
  };

  private add(part: Uint8Array | string): void {
    this.parts.push(part);
    this.bytes += part.length;
  }

  private write(part: Uint8Array | string): void {
    if (!this.socket.write(part)) this.blocked = true;
  }
}

function joined(parts: readonly (Uint8Array | string)[], bytes: number): Buffer {
  const whole = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'string') whole.write(part, at, 'latin1');
    else whole.set(part, at);
    at += part.length;
  }
  return whole;
}
