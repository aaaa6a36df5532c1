import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function pushCommand(_terminal: Terminal): Command {
  return new Command('push').action(() => {
    throw new CliError('failed', 'push is not there yet');
  });
}
