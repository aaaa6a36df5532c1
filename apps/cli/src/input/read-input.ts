import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { CliError } from '../cli-error';
import { note, type Terminal } from '../terminal';

/** The file name that stands for standard input. */
export const STDIN = '-';

/** Standard input, with a word on a terminal that it is read: nothing else would tell. Ctrl-C ends it. */
export function openInput(terminal: Terminal, what: string): Terminal['stdin'] {
  if (terminal.stdin.isTTY) note(terminal, `Reading ${what} from the terminal; Ctrl-D on an empty line ends it.`);
  return addAbortSignal(terminal.signal, terminal.stdin);
}

/** All of standard input. Rejects with `usage` what is longer than `maxBytes`. */
export async function readInput(terminal: Terminal, what: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of openInput(terminal, what) as AsyncIterable<Buffer | string>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new CliError('usage', `${what} is longer than ${maxBytes} bytes`);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

/** All of a file that an option names. Rejects with `usage` when it cannot be read. */
export async function readNamedFile(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CliError('usage', `the file of ${option} cannot be read: ${(error as Error).message}`, undefined, { cause: error });
  }
}
