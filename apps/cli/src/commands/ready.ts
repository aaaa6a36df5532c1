import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function readyCommand(_terminal: Terminal): Command {
  return new Command('ready').action(() => {
    throw new CliError('failed', 'ready is not there yet');
  });
}
