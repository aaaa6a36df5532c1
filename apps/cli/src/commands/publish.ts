import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function publishCommand(_terminal: Terminal): Command {
  return new Command('publish').action(() => {
    throw new CliError('failed', 'publish is not there yet');
  });
}
