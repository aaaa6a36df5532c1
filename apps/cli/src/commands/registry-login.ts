import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function registryLoginCommand(_terminal: Terminal): Command {
  return new Command('registry-login').action(() => {
    throw new CliError('failed', 'registry-login is not there yet');
  });
}
