import { formatDuration } from '@shoal/domain/shared/duration';
import { colourFor } from './colour';
import type { Terminal } from '../terminal';

/** What is done sooner says nothing on its way. */
const SILENT_MS = 1_000;
/** On a terminal the line is written over; elsewhere each one stays, so there are fewer. */
const TERMINAL_EVERY_MS = 200;
const FILE_EVERY_MS = 10_000;

/** Tells what is being waited for now; it is shown behind the title. */
export type Tell = (state: string) => void;

/**
 * Runs `work`, and shows on standard error that it goes on once it takes more than a second. The line is gone when it ends.
 * Rejects as `work` does.
 */
export async function withProgress<T>(terminal: Terminal, title: string, work: (tell: Tell) => Promise<T>): Promise<T> {
  const { stderr } = terminal;
  const onTerminal = stderr.isTTY === true;
  const dimmed = colourFor(terminal, 'stderr');
  const startedMs = Date.now();
  let state = '';
  let shown = 0;
  const show = () => {
    const elapsed = formatDuration(Math.floor((Date.now() - startedMs) / 1_000) * 1_000);
    const line = `${title} ... ${elapsed}${state && `, ${state}`}`;
    stderr.write(onTerminal ? `\r${dimmed(line, 'dim')}${' '.repeat(Math.max(0, shown - line.length))}` : `${line}\n`);
    shown = line.length;
  };
  let repeat: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    show();
    repeat = setInterval(show, onTerminal ? TERMINAL_EVERY_MS : FILE_EVERY_MS);
  }, SILENT_MS);
  try {
    return await work((now) => (state = now));
  } finally {
    clearTimeout(first);
    clearInterval(repeat);
    if (onTerminal && shown > 0) stderr.write(`\r${' '.repeat(shown)}\r`);
  }
}
