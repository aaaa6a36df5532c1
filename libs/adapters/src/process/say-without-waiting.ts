import { Console } from 'node:console';
import { fstatSync } from 'node:fs';
import { Writable } from 'node:stream';
import { LineWriter, STDERR, STDOUT } from './line-writer';

/**
 * From now on, what this process says is written as `LineWriter` does: by `console`, as a warning of Node's, and as the last
 * words of one that ends by an error that nobody caught. Whether somebody reads it, or has closed it, changes nothing else.
 */
export function sayWithoutWaiting(): void {
  const out = new LineWriter(STDOUT);
  // Two writers to one place (`2>&1`) could cut each other's lines.
  const err = isSameFile(STDOUT, STDERR) ? out : new LineWriter(STDERR);
  globalThis.console = new Console({ stdout: streamTo(out), stderr: streamTo(err) });
  process.removeAllListeners('warning').on('warning', ({ name, message }) => console.warn(`${name}: ${message}`));
  process.on('uncaughtException', (error) => {
    console.error(error);
    process.exit(1);
  });
  process.on('exit', () => {
    out.flush();
    err.flush();
  });
}

function streamTo(lines: LineWriter): Writable {
  return new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      lines.write(text.replace(/\n$/, ''));
      done();
    },
  });
}

function isSameFile(one: number, other: number): boolean {
  try {
    const [a, b] = [fstatSync(one), fstatSync(other)];
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    return false; // One of them is closed.
  }
}
