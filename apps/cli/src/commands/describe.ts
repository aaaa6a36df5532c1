import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function describeCommand(_terminal: Terminal): Command {
  return new Command('describe').action(() => {
    throw new CliError('failed', 'describe is not there yet');
  });
}
