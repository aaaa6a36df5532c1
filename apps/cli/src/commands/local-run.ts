import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function localRunCommand(_terminal: Terminal): Command {
  return new Command('local-run').action(() => {
    throw new CliError('failed', 'local-run is not there yet');
  });
}
