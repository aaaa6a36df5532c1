import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function loginCommand(_terminal: Terminal): Command {
  return new Command('login').action(() => {
    throw new CliError('failed', 'login is not there yet');
  });
}
