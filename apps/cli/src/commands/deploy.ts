import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function deployCommand(_terminal: Terminal): Command {
  return new Command('deploy').action(() => {
    throw new CliError('failed', 'deploy is not there yet');
  });
}
