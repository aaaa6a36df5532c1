import { constants, fstatSync, openSync, writeSync } from 'node:fs';

const STDOUT = 1;
/** Of lines that nobody takes; more are dropped, and how many is said. */
const MAX_WAITING_LENGTH = 1024 * 1024;
const RETRY_MS = 20;

/**
 * Writes lines to standard output, all those of one turn of the event loop at once: a line a call would cost a system call
 * each. Never waits for who reads them: a container engine that hangs does not hold up calls.
 */
export class LineWriter {
  private readonly fd = openWithoutWaiting(STDOUT);
  private waiting = '';
  /** What is on its way already, of which a part may have been taken. */
  private leaving: Uint8Array = new Uint8Array();
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

  /** Writes what waits, as far as it is taken; for the end of the process. */
  readonly flush = (): void => {
    this.scheduled = false;
    while (this.leaving.byteLength > 0 || this.waiting !== '') {
      if (this.leaving.byteLength === 0) this.leaving = this.takeWaiting();
      try {
        this.leaving = this.leaving.subarray(writeSync(this.fd, this.leaving));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return this.retry();
        // Nobody reads any more, and never will.
        this.leaving = new Uint8Array();
        this.waiting = '';
      }
    }
  };

  private takeWaiting(): Uint8Array {
    const note = this.dropped > 0 ? `${this.dropped} lines were dropped, because nobody took them\n` : '';
    const bytes = Buffer.from(this.waiting + note);
    this.waiting = '';
    this.dropped = 0;
    return bytes;
  }

  private retry(): void {
    this.scheduled = true;
    setTimeout(this.flush, RETRY_MS).unref();
  }
}

/**
 * A pipe is opened anew, since the one that was given may be shared with others (`2>&1`) who want to wait. Where that cannot
 * be (no `/proc`, a pipe of somebody else's), and for all that is no pipe, it is the descriptor itself.
 */
function openWithoutWaiting(fd: number): number {
  try {
    if (fstatSync(fd).isFIFO()) return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // It can be written to nevertheless.
  }
  return fd;
}
