import { constants, fstatSync, openSync, writeSync } from 'node:fs';

export const STDOUT = 1;
export const STDERR = 2;
/** Of lines that nobody takes; more are dropped, and how many is said. */
const MAX_WAITING_LENGTH = 1024 * 1024;
const RETRY_MS = 20;
const RETRY_FAILED_MS = 1_000;
/** Nobody reads any more, and never will. */
const FOR_EVER: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ENOTCONN', 'EBADF']);

/**
 * Writes lines to a descriptor, standard output by default, all those of one turn of the event loop at once: a line a call
 * would cost a system call each. Never waits for who reads them: a container engine that hangs does not hold up calls.
 */
export class LineWriter {
  private readonly fd: number;
  private waiting = '';
  /** What is on its way already, of which a part may have been taken. */
  private leaving: Uint8Array = new Uint8Array();
  private dropped = 0;
  private scheduled = false;

  constructor(fd: typeof STDOUT | typeof STDERR = STDOUT) {
    this.fd = openWithoutWaiting(fd);
  }

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
        const { code = '' } = error as NodeJS.ErrnoException;
        // A full disk, say, has room again some time; until then lines wait, and are counted when too many do.
        if (!FOR_EVER.has(code)) return this.retry(code === 'EAGAIN' ? RETRY_MS : RETRY_FAILED_MS);
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

  private retry(afterMs: number): void {
    this.scheduled = true;
    setTimeout(this.flush, afterMs).unref();
  }
}

/**
 * A pipe is opened anew, since the one that was given may be shared with others (`2>&1`) who want to wait. What cannot be (a
 * socket, as systemd gives; a pipe of somebody else's) is taken as it is, and all who share it do not wait from then on. To
 * files and terminals one writes as always.
 */
function openWithoutWaiting(fd: number): number {
  let kind;
  try {
    kind = fstatSync(fd);
    if (kind.isFIFO()) return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // It can be written to nevertheless.
  }
  // Making the stream is what sets it so.
  if (kind?.isFIFO() || kind?.isSocket()) void (fd === STDOUT ? process.stdout : process.stderr);
  return fd;
}
