import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function generateCommand(_terminal: Terminal): Command {
  return new Command('generate').action(() => {
    throw new CliError('failed', 'generate is not there yet');
  });
}
