import { CliError } from '../cli-error';
import { note, type Terminal } from '../terminal';
import { askSecretly } from './ask-password';
import { readInput } from './read-input';

export interface PasswordOptions {
  readonly password?: string;
  readonly passwordStdin?: boolean;
}

const MAX_PASSWORD_BYTES = 64 * 1024;

/** A password from an option, from standard input, or from who sits at the terminal. Rejects with `usage` when there is none. */
export async function readPassword(terminal: Terminal, { password, passwordStdin }: PasswordOptions, question: string): Promise<string> {
  if (password !== undefined && passwordStdin) throw new CliError('usage', 'give either --password or --password-stdin');
  if (password !== undefined) {
    note(terminal, 'Others on this machine can see what --password says, and the history of the shell keeps it; --password-stdin is better.');
    return notEmpty(password);
  }
  if (passwordStdin) return notEmpty((await readInput(terminal, 'the password', MAX_PASSWORD_BYTES)).toString('utf8').trim());
  if (!terminal.stdin.isTTY) throw new CliError('usage', 'there is no terminal to ask for the password at', 'pipe it in, with --password-stdin');
  return await askSecretly(terminal, question);
}

function notEmpty(password: string): string {
  if (password === '') throw new CliError('usage', 'the password is empty');
  return password;
}
