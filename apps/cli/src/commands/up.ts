import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function upCommand(_terminal: Terminal): Command {
  return new Command('up').action(() => {
    throw new CliError('failed', 'up is not there yet');
  });
}
