import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function scaleCommand(_terminal: Terminal): Command {
  return new Command('scale').action(() => {
    throw new CliError('failed', 'scale is not there yet');
  });
}
