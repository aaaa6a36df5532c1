import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

const main = join(__dirname, '../../dist/cli/main.cjs');

/** How a command ended. */
export interface Ended {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Empty by default; of a stream as much as comes, when it comes. */
  readonly input?: string | Buffer | Readable;
}

/** The `shoal` command as its users run it: a process of its own, with a home and a working folder of its own. */
export class Cli {
  /** Removed by `dispose`. */
  readonly folder = mkdtempSync(join(tmpdir(), 'shoal-cli-'));

  constructor(private readonly env: Readonly<Record<string, string>> = {}) {}

  /** Runs a command to its end. */
  async run(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
    const running = this.start(args, options);
    return await running.ended;
  }

  /** Starts a command that goes on, such as one that follows a log. */
  start(args: readonly string[], { env, cwd = this.folder, input = '' }: CliOptions = {}): RunningCli {
    const child = spawn(process.execPath, [main, ...args], { cwd, env: { PATH: process.env['PATH'], HOME: this.folder, ...this.env, ...env } });
    child.stdin.on('error', () => undefined); // A command that reads nothing may end before all is written.
    if (input instanceof Readable) input.pipe(child.stdin);
    else child.stdin.end(input);
    return new RunningCli(child);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class RunningCli {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;

  constructor(private readonly child: ChildProcess) {
    child.stdout!.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** The bytes of standard output as they come; as text they may be cut apart. */
  onStdout(listener: (chunk: Buffer) => void): void {
    this.child.stdout!.on('data', listener);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Waits until what it has written matches. Rejects when it ends before, or takes longer than `limitMs`. */
  async says(pattern: RegExp, limitMs = 15_000): Promise<void> {
    const deadline = Date.now() + limitMs;
    const over = this.ended.then(() => true);
    while (!pattern.test(this.stdout + this.stderr)) {
      const ended = await Promise.race([over, new Promise<false>((resolve) => setTimeout(() => resolve(false), 20))]);
      if ((ended || Date.now() > deadline) && !pattern.test(this.stdout + this.stderr)) {
        throw new Error(`it ${ended ? 'ended' : 'went on'} without saying ${pattern}:\n${this.stdout}${this.stderr}`);
      }
    }
  }
}
