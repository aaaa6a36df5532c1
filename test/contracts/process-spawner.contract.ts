import { chmodSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProcessExit, ProcessSpawner, RunningProcess } from '@shoal/domain/processes/process-spawner';

const env = { PATH: process.env['PATH'] ?? '' };

/** A process with all that it said so far. */
class Started {
  readonly process: RunningProcess;
  stdout = '';
  stderr = '';
  readonly exited: Promise<ProcessExit>;
  readonly outputEnded: Promise<void>;
  readonly failed: Promise<string>;
  private whenDrained: () => void = () => undefined;

  constructor(
    spawner: ProcessSpawner,
    argv: readonly string[],
    environment: Record<string, string> = env,
    cwd?: string,
  ) {
    let exited!: (exit: ProcessExit) => void;
    let ended!: () => void;
    let failed!: (reason: string) => void;
    this.exited = new Promise((resolve) => (exited = resolve));
    this.outputEnded = new Promise((resolve) => (ended = resolve));
    this.failed = new Promise((resolve) => (failed = resolve));
    this.process = spawner.start(
      { argv, env: environment, ...(cwd === undefined ? {} : { cwd }) },
      {
        stdout: (chunk) => (this.stdout += Buffer.from(chunk).toString()),
        stderr: (chunk) => (this.stderr += Buffer.from(chunk).toString()),
        outputEnded: ended,
        exited,
        failed,
        drained: () => this.whenDrained(),
      },
    );
  }

  /** Resolves when input can be written again. */
  drained(): Promise<void> {
    return new Promise((resolve) => (this.whenDrained = resolve));
  }
}

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

/** Children of this process that have ended and were not waited for. */
function zombies(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      return state === 'Z' && Number(parent) === process.pid;
    } catch {
      return false; // It has ended, or is no process.
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

/** What every `ProcessSpawner` does. Runs under Jest and under Bun's own test runner. */
export function describeProcessSpawner(name: string, create: () => ProcessSpawner): void {
  describe(name, () => {
    const sh = (script: string) => new Started(create(), ['sh', '-c', script]);

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
      const started = new Started(create(), ['env'], { ONLY: 'this', PATH: env.PATH });
      await started.outputEnded;
      expect(started.stdout.split('\n').map((line) => line.split('=')[0]).sort()).toEqual(['', 'ONLY', 'PATH', 'SHOAL_PROCESS']);
    });

    it('runs in the folder that it is given, and looks for the program where its own PATH says', async () => {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), 'shoal-spawn-')));
      writeFileSync(join(folder, 'where-am-i'), '#!/bin/sh\npwd\n', { mode: 0o755 });
      const started = new Started(create(), ['where-am-i'], { PATH: `${folder}:${env.PATH}` }, folder);
      await started.outputEnded;
      expect(started.stdout).toBe(`${folder}\n`);
      rmSync(folder, { recursive: true });
    });

    it('passes much input on as it is read, and asks to wait meanwhile', async () => {
      const started = sh('sleep 0.3; wc -c');
      const chunk = Buffer.alloc(65_536);
      let waits = 0;
      for (let i = 0; i < 64; i++) {
        if (started.process.write(chunk)) continue;
        waits++;
        await started.drained();
      }
      started.process.endInput();
      await started.outputEnded;
      expect(started.stdout.trim()).toBe(String(64 * chunk.byteLength));
      expect(waits).toBeGreaterThan(0);
    });

    it('leaves no open file and no zombie after many', async () => {
      const openFiles = () => readdirSync('/proc/self/fd').length;
      const before = openFiles();
      const spawner = create();
      for (let round = 0; round < 10; round++) {
        const all = Array.from({ length: 20 }, () => new Started(spawner, ['cat']));
        for (const { process } of all) process.endInput();
        await Promise.all(all.flatMap(({ exited, outputEnded }) => [exited, outputEnded]));
        for (const { process } of all) process.closeOutput();
      }
      await until(() => openFiles() <= before + 3);
      expect(zombies()).toEqual([]);
    });

    it.each([
      ['a program that is not there', ['/no/such/program'], env, /ENOENT/],
      ['an environment that is too long', ['true'], { ...env, LONG: 'x'.repeat(200_000) }, /E2BIG/],
    ])('tells of %s', async (_name, argv, environment, reason) => {
      await expect(new Started(create(), argv, environment).failed).resolves.toMatch(reason);
    });

    it('tells of a file that is no program', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'shoal-spawn-'));
      writeFileSync(join(folder, 'data'), 'x');
      chmodSync(join(folder, 'data'), 0o644);
      await expect(new Started(create(), [join(folder, 'data')]).failed).resolves.toMatch(/EACCES/);
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
}
