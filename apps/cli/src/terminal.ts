import type { Readable, Writable } from 'node:stream';

export type Env = Readonly<Record<string, string | undefined>>;

/** All that a command knows of the world around it. `main.ts` makes the real one, specs make others. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Env;
  /** The working directory. */
  readonly cwd: string;
  /** The user's own folder, where credentials are kept. */
  readonly home: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Writes lines to standard output: what a command was asked for. */
export function say(terminal: Terminal, ...lines: readonly string[]): void {
  write(terminal.stdout, lines);
}

/** Writes lines to standard error: what people want to know on the way, and pipes do not. */
export function note(terminal: Terminal, ...lines: readonly string[]): void {
  write(terminal.stderr, lines);
}

/** Colours, which come first, and all else that a terminal obeys. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const CONTROLS = /\u001b\[[\d;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Texts of functions, stores and gateways may hold what a terminal obeys: it changes what stands there already, the title, the
 * clipboard, or what is typed next. A terminal is shown it; pipes and files get every byte.
 */
function write(stream: Writable & { readonly isTTY?: boolean }, lines: readonly string[]): void {
  for (const line of lines) stream.write(`${stream.isTTY ? line.replace(CONTROLS, (found) => (found.length > 1 ? found : '\ufffd')) : line}\n`);
}

/** Whether `stream` takes colours: it is a terminal, and nobody has said no (https://no-color.org). */
export function takesColour({ env }: Terminal, stream: { readonly isTTY?: boolean }): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] && env['FORCE_COLOR'] !== '0') return true;
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}
