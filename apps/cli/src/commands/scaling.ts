import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function scalingCommand(_terminal: Terminal): Command {
  return new Command('scaling').action(() => {
    throw new CliError('failed', 'scaling is not there yet');
  });
}
