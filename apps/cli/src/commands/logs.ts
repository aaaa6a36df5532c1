import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function logsCommand(_terminal: Terminal): Command {
  return new Command('logs').action(() => {
    throw new CliError('failed', 'logs is not there yet');
  });
}
