import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function secretCommand(_terminal: Terminal): Command {
  return new Command('secret').action(() => {
    throw new CliError('failed', 'secret is not there yet');
  });
}
