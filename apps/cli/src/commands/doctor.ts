import { Command } from 'commander';
import { CliError } from '../cli-error';
import type { Terminal } from '../terminal';

export function doctorCommand(_terminal: Terminal): Command {
  return new Command('doctor').action(() => {
    throw new CliError('failed', 'doctor is not there yet');
  });
}
