import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function queueCommand(_terminal: Terminal): Command {
  return new Command('queue').action(() => {
    throw new CliError('failed', 'queue is not there yet');
  });
}
