import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function simulateCommand(_terminal: Terminal): Command {
  return new Command('simulate').action(() => {
    throw new CliError('failed', 'simulate is not there yet');
  });
}
