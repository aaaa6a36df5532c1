import { Option } from 'commander';
import { say, type Terminal } from '../terminal';

const FORMATS = ['text', 'wide', 'json', 'yaml'] as const;
export type OutputFormat = (typeof FORMATS)[number];

/** `--output`, the same for every command that tells something. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to write it; wide has more columns').choices(FORMATS).default('text');
}

/**
 * Writes what a command has found: `value` for programs, the lines of `text` for people.
 *
 * @param text is told whether more columns are wanted.
 */
export async function print(terminal: Terminal, format: OutputFormat, value: unknown, text: (wide: boolean) => readonly string[]): Promise<void> {
  if (format === 'json') return say(terminal, JSON.stringify(value, null, 2));
  if (format === 'yaml') {
    const { stringify } = await import('yaml');
    return say(terminal, stringify(value, { lineWidth: 0 }).trimEnd());
  }
  say(terminal, ...text(format === 'wide'));
}
