import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function newCommand(_terminal: Terminal): Command {
  return new Command('new').action(() => {
    throw new CliError('failed', 'new is not there yet');
  });
}
