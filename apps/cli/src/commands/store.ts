import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function storeCommand(_terminal: Terminal): Command {
  return new Command('store').action(() => {
    throw new CliError('failed', 'store is not there yet');
  });
}
