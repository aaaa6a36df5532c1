import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function invokeCommand(_terminal: Terminal): Command {
  return new Command('invoke').action(() => {
    throw new CliError('failed', 'invoke is not there yet');
  });
}
