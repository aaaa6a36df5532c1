import { PassThrough } from 'node:stream';
import type { Terminal } from '../terminal';
import { askSecretly } from './ask-password';
import { readPassword } from './read-password';

/** A terminal at which somebody types. */
function sitAt(isTTY = true) {
  const raw: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: (on: boolean) => raw.push(on) });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const terminal: Terminal = { stdin, stdout, stderr, env: {}, cwd: '/', home: '/', signal: new AbortController().signal };
  const shown = () => `${(stdout.read() as Buffer | null)?.toString() ?? ''}${(stderr.read() as Buffer | null)?.toString() ?? ''}`;
  return { terminal, stdin, raw, shown };
}

describe('askSecretly()', () => {
  it('takes a line, and shows nothing of it', async () => {
    const { terminal, stdin, raw, shown } = sitAt();
    const answer = askSecretly(terminal, 'Password');
    stdin.write('s3cx\u007fr3t\r');
    expect(await answer).toBe('s3cr3t');
    expect(shown()).toBe('Password: \n');
    expect(raw).toEqual([true, false]);
  });

  it('ends on Ctrl-C, and on Ctrl-D, with the terminal as it was', async () => {
    for (const [key, reason] of [['\u0003', 'interrupted'], ['\u0004', 'usage'], ['\r', 'usage']] as const) {
      const { terminal, stdin, raw } = sitAt();
      const answer = askSecretly(terminal, 'Password');
      stdin.write(key);
      await expect(answer).rejects.toMatchObject({ reason });
      expect(raw).toEqual([true, false]);
    }
  });
});

describe('readPassword()', () => {
  it('asks only where somebody sits', async () => {
    const { terminal, stdin } = sitAt();
    const asked = readPassword(terminal, {}, 'Password');
    stdin.write('typed\r');
    expect(await asked).toBe('typed');
    await expect(readPassword(sitAt(false).terminal, {}, 'Password')).rejects.toMatchObject({ reason: 'usage', hint: expect.stringContaining('--password-stdin') });
  });

  it('keeps the space within what comes from standard input, and loses the line break', async () => {
    const { terminal, stdin } = sitAt(false);
    stdin.end('two words\r\n');
    expect(await readPassword(terminal, { passwordStdin: true }, 'Password')).toBe('two words');
  });
});
