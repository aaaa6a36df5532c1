import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function completionCommand(_terminal: Terminal): Command {
  return new Command('completion').action(() => {
    throw new CliError('failed', 'completion is not there yet');
  });
}
