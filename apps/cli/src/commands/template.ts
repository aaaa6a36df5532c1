import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function templateCommand(_terminal: Terminal): Command {
  return new Command('template').action(() => {
    throw new CliError('failed', 'template is not there yet');
  });
}
