import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function buildCommand(_terminal: Terminal): Command {
  return new Command('build').action(() => {
    throw new CliError('failed', 'build is not there yet');
  });
}
