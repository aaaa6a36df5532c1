import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CliError } from '../cli-error';
import { note, type Terminal } from '../terminal';

/**
 * Asks a person for something that nobody else shall read: what is typed is not shown. Only where standard input is a
 * terminal. Rejects with `interrupted` on Ctrl-C, and with `usage` when nothing is typed.
 */
export async function askSecretly(terminal: Terminal, question: string): Promise<string> {
  terminal.stderr.write(`${question}: `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // In raw mode the terminal shows nothing, and Ctrl-C is a key like any other.
  const lines = createInterface({ input: terminal.stdin, output: nowhere, terminal: true });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      lines.once('SIGINT', () => reject(new CliError('interrupted', 'interrupted')));
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
    });
    if (answer === '') throw new CliError('usage', 'nothing was typed');
    return answer;
  } finally {
    lines.close();
    note(terminal, '');
  }
}
