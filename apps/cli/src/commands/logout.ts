import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function logoutCommand(_terminal: Terminal): Command {
  return new Command('logout').action(() => {
    throw new CliError('failed', 'logout is not there yet');
  });
}
