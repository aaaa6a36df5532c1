import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeProcessSpawner } from '@shoal/adapters/process/node-process-spawner';
import type { ProcessExit, RunningProcess } from '@shoal/domain/processes/process-spawner';

const env = { PATH: process.env['PATH'] ?? '' };

/** A process with all that it said so far. */
class Started {
  readonly process: RunningProcess;
  stdout = '';
  stderr = '';
  readonly exited: Promise<ProcessExit>;
  readonly outputEnded: Promise<void>;
  readonly failed: Promise<string>;

  constructor(argv: readonly string[], environment: Record<string, string> = env) {
    let exited!: (exit: ProcessExit) => void;
    let ended!: () => void;
    let failed!: (reason: string) => void;
    this.exited = new Promise((resolve) => (exited = resolve));
    this.outputEnded = new Promise((resolve) => (ended = resolve));
    this.failed = new Promise((resolve) => (failed = resolve));
    this.process = new NodeProcessSpawner().start(
      { argv, env: environment },
      {
        stdout: (chunk) => (this.stdout += Buffer.from(chunk).toString()),
        stderr: (chunk) => (this.stderr += Buffer.from(chunk).toString()),
        outputEnded: ended,
        exited,
        failed,
        drained: () => undefined,
      },
    );
  }
}

const sh = (script: string) => new Started(['sh', '-c', script]);

/** Processes of this machine whose command line holds `text`. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && Number(pid) !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('NodeProcessSpawner', () => {
  it('passes input, both outputs and the exit code', async () => {
    const started = sh('cat; echo oops >&2; exit 3');
    started.process.write(Buffer.from('hello'));
    started.process.endInput();
    await expect(started.exited).resolves.toEqual({ code: 3 });
    await started.outputEnded;
    expect(started).toMatchObject({ stdout: 'hello', stderr: 'oops\n' });
  });

  it('tells the signal that ended it', async () => {
    await expect(sh('kill -SEGV $$').exited).resolves.toEqual({ signal: 'SIGSEGV' });
  });

  it('inherits nothing', async () => {
    const started = new Started(['env'], { ONLY: 'this', PATH: env.PATH });
    await started.outputEnded;
    expect(started.stdout.split('\n').map((line) => line.split('=')[0]).sort()).toEqual(['', 'ONLY', 'PATH', 'SHOAL_PROCESS']);
  });

  it.each([
    ['a program that is not there', ['/no/such/program'], env, /ENOENT/],
    ['an environment that is too long', ['true'], { ...env, LONG: 'x'.repeat(200_000) }, /E2BIG/],
  ])('tells of %s', async (_name, argv, environment, reason) => {
    await expect(new Started(argv, environment).failed).resolves.toMatch(reason);
  });

  it('tells of a file that is no program', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-spawn-'));
    writeFileSync(join(folder, 'data'), 'x');
    chmodSync(join(folder, 'data'), 0o644);
    await expect(new Started([join(folder, 'data')]).failed).resolves.toMatch(/EACCES/);
    rmSync(folder, { recursive: true });
  });

  it('is not troubled by input that nobody reads', async () => {
    const started = sh('exit 0');
    for (let i = 0; i < 50; i++) started.process.write(Buffer.alloc(65_536));
    await expect(started.exited).resolves.toEqual({ code: 0 });
    await started.outputEnded;
    expect(started.process.write(Buffer.from('late'))).toBe(true);
  });

  it.each(['yes', 'yes >&2'])('holds the output of `%s` back while it is paused', async (script) => {
    const started = sh(script);
    const length = () => started.stdout.length + started.stderr.length;
    await until(() => length() > 0);
    started.process.pauseOutput();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const paused = length();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(length()).toBe(paused);
    started.process.resumeOutput();
    await until(() => length() > paused);
    started.process.kill('SIGKILL');
    started.process.closeOutput();
  });

  it.each([
    ['children that ignore SIGTERM', (mark: string) => `trap "" TERM; sh -c 'trap "" TERM; sleep 600; : ${mark}' & sh -c 'trap "" TERM; sleep 600; : ${mark}'`],
    ['one that left the group', (mark: string) => `setsid sh -c '(trap "" TERM; sleep 600; : ${mark}) & : ' & sleep 600; : ${mark}`],
  ])('leaves nothing of a tree with %s', async (_name, script) => {
    const mark = `mark-${process.pid}-${Math.random()}`;
    const started = sh(script(mark));
    await until(() => processesWith(mark).length >= 2);
    started.process.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 100));
    started.process.kill('SIGKILL');
    await until(() => processesWith(mark).length === 0);
    started.process.closeOutput();
  });
});
