import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function removeCommand(_terminal: Terminal): Command {
  return new Command('remove').action(() => {
    throw new CliError('failed', 'remove is not there yet');
  });
}
