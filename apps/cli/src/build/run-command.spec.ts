import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastLines, runCommand } from './run-command';

let cwd: string;
beforeEach(() => (cwd = realpathSync(mkdtempSync(join(tmpdir(), 'shoal-run-')))));
afterEach(() => rmSync(cwd, { recursive: true }));

const sh = (script: string) => ['sh', '-c', script];
const isRunning = (pid: number) => {
  try {
    // A zombie that nobody has waited for is no process that runs.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

describe('runCommand()', () => {
  it('resolves with the exit code and both outputs, and passes them on as they come', async () => {
    const heard: string[] = [];
    const result = await runCommand(sh('pwd; echo wrong >&2; exit 3'), { cwd, onOutput: (text) => heard.push(text) });
    expect(result).toMatchObject({ exitCode: 3, stdout: `${cwd}\n` });
    expect(result.output.split('\n').sort()).toEqual(['', cwd, 'wrong'].sort());
    expect(heard.join('')).toBe(result.output);
  });

  it('gives it the environment that it is told', async () => {
    expect((await runCommand(sh('echo "$A-$HOME"'), { cwd, env: { PATH: process.env['PATH'], A: 'a' } })).stdout).toBe('a-\n');
  });

  it('keeps the end of a long output', async () => {
    const { stdout } = await runCommand(sh('yes | head -c 1000000; echo end'), { cwd });
    expect(stdout.length).toBeLessThan(300_000);
    expect(stdout).toMatch(/end\n$/);
  });

  it('rejects with missing, and where to get it, when there is no such program', async () => {
    await expect(runCommand(['no-such-program'], { cwd })).rejects.toMatchObject({ reason: 'missing', message: expect.stringContaining('no-such-program') });
    await expect(runCommand(['docker'], { cwd, env: { PATH: cwd } })).rejects.toMatchObject({ reason: 'missing', hint: expect.stringContaining('--bundle') });
  });

  it('ends the program with all that it started when the signal fires, and rejects with its reason', async () => {
    const abort = new AbortController();
    const pids: number[] = [];
    const running = runCommand(sh('sleep 60 & echo $! $$; wait'), {
      cwd,
      signal: abort.signal,
      onOutput: (text) => {
        pids.push(...text.trim().split(' ').map(Number));
        abort.abort(new Error('interrupted'));
      },
    });
    await expect(running).rejects.toThrow('interrupted');
    expect(pids).toHaveLength(2);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  it('starts nothing when the signal has fired', async () => {
    await expect(runCommand(sh('touch x'), { cwd, signal: AbortSignal.abort(new Error('interrupted')) })).rejects.toThrow('interrupted');
  });
});

describe('lastLines()', () => {
  it('is the end of a text', () => {
    const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
    expect(lastLines(`${lines.join('\n')}\n\n`)).toBe(lines.slice(10).join('\n'));
  });
});
