import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function namespaceCommand(_terminal: Terminal): Command {
  return new Command('namespace').action(() => {
    throw new CliError('failed', 'namespace is not there yet');
  });
}
