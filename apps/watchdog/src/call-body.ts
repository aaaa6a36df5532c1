import type { BodyReader, Exchange } from '@shoal/adapters/http/exchange';

/** What takes a body: a process. */
export interface BodyTarget {
  /** False asks to wait for `CallBody.resume`. */
  write(chunk: Uint8Array): boolean;
  endInput(): void;
}

/** A request's body: its beginning held in memory, all of it fed to a process as that reads it. */
export class CallBody implements BodyReader {
  readonly held: Buffer[] = [];
  complete = false;
  private bytes = 0;
  private target: BodyTarget | undefined;
  private collected: ((arrived: boolean) => void) | undefined;

  /** @param maxBytes held before there is a target; the caller waits with more. */
  constructor(
    private readonly exchange: Exchange,
    private readonly maxBytes: number,
  ) {}

  /** Resolves when all of it, or as much as can be held, has arrived; with false when the caller left before. */
  collect(): Promise<boolean> {
    return new Promise((resolve) => {
      this.collected = resolve;
      this.exchange.readBody(this);
    });
  }

  /** The caller has left. */
  abandon(): void {
    this.collected?.(false);
    this.stop();
  }

  feed(target: BodyTarget): void {
    this.collected = undefined;
    for (const chunk of this.held.splice(0)) target.write(chunk);
    if (this.complete) return target.endInput();
    this.target = target;
    this.exchange.resumeBody();
  }

  /** The target takes more. */
  resume(): void {
    if (this.target) this.exchange.resumeBody();
  }

  /** The process has ended: whatever it has not read, nobody will. */
  stop(): void {
    this.target = this.collected = undefined;
    this.exchange.pauseBody();
  }

  data(chunk: Buffer): void {
    if (this.target) {
      if (!this.target.write(chunk)) this.exchange.pauseBody();
      return;
    }
    // What comes after the end of the process, because it was on its way, is dropped.
    if (!this.collected) return;
    this.held.push(chunk);
    this.bytes += chunk.byteLength;
    if (this.bytes <= this.maxBytes) return;
    this.exchange.pauseBody();
    this.collected(true);
  }

  end(): void {
    this.complete = true;
    this.target?.endInput();
    this.collected?.(true);
  }
}
