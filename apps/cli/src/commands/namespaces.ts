import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function namespacesCommand(_terminal: Terminal): Command {
  return new Command('namespaces').action(() => {
    throw new CliError('failed', 'namespaces is not there yet');
  });
}
