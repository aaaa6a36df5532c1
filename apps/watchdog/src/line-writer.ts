import { writeSync } from 'node:fs';

const STDOUT = 1;
/** Of lines that nobody takes; more are dropped, and how many is said. */
const MAX_WAITING_LENGTH = 1024 * 1024;
const RETRY_MS = 5;

/**
 * Writes lines to standard output, all those of one turn of the event loop at once: a line a call would cost a system call
 * each.
 */
export class LineWriter {
  private waiting = '';
  private dropped = 0;
  private scheduled = false;

  write(line: string): void {
    if (this.waiting.length > MAX_WAITING_LENGTH) {
      this.dropped++;
      return;
    }
    this.waiting += `${line}\n`;
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.flush);
  }

  /** Writes what waits; for the end of the process. */
  readonly flush = (): void => {
    this.scheduled = false;
    if (this.dropped > 0) {
      this.waiting += `${this.dropped} lines were dropped, because nobody took them\n`;
      this.dropped = 0;
    }
    const bytes = Buffer.from(this.waiting);
    this.waiting = '';
    for (let sent = 0; sent < bytes.byteLength; ) {
      try {
        sent += writeSync(STDOUT, bytes, sent);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return; // Nobody reads any more, and never will.
        this.waiting = bytes.toString('utf8', sent);
        this.scheduled = true;
        setTimeout(this.flush, RETRY_MS).unref();
        return;
      }
    }
  };
}
