import type { CliError } from '../cli-error';
import { note, type Terminal } from '../terminal';
import { colourFor } from './colour';

/** Says on standard error what went wrong, and what to do about it. */
export function tellError(terminal: Terminal, { message, hint }: Pick<CliError, 'message' | 'hint'>): void {
  note(terminal, colourFor(terminal, 'stderr')(`Error: ${message}`, 'red'), ...(hint === undefined ? [] : [hint]));
}
