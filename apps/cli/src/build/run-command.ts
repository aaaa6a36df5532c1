import { spawn } from 'node:child_process';
import { CliError } from '../cli-error';
import type { Env } from '../terminal';

export interface CommandOptions {
  readonly cwd: string;
  /** All of its environment; our own when undefined. */
  readonly env?: Env | undefined;
  /** Ends it, with all that it has started. */
  readonly signal?: AbortSignal | undefined;
  /** Gets what it writes to either output, as it comes. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

export interface CommandResult {
  /** 128 when a signal ended it. */
  readonly exitCode: number;
  /** The end of both its outputs together, as they came. */
  readonly output: string;
  /** The end of its standard output alone. */
  readonly stdout: string;
}

export type RunCommand = (argv: readonly string[], options: CommandOptions) => Promise<CommandResult>;

/** Of what is kept of an output. */
const MAX_OUTPUT_CHARACTERS = 256 * 1024;
/** Between the request to end and the end. */
const KILL_GRACE_MS = 2_000;
const SIGNALLED = 128;
const SHOWN_LINES = 40;

/**
 * Runs a program to its end, without input, whatever its exit code.
 *
 * Rejects with `missing` when there is no such program, and with the signal's reason when that fires; then nothing of it runs any more.
 */
export const runCommand: RunCommand = async (argv, { cwd, env, signal, onOutput }) => {
  signal?.throwIfAborted();
  const [program, ...args] = argv;
  return new Promise((resolve, reject) => {
    // In a group of its own: the whole of it can be ended, and Ctrl-C reaches it through us only.
    const child = spawn(program!, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    let stdout = '';
    const keep = (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT_CHARACTERS);
      onOutput?.(text);
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout = (stdout + text).slice(-MAX_OUTPUT_CHARACTERS);
      keep(text);
    });
    child.stderr.setEncoding('utf8').on('data', keep);
    let killTimer: NodeJS.Timeout | undefined;
    const end = () => {
      killGroup(child.pid, 'SIGTERM');
      killTimer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), KILL_GRACE_MS);
    };
    signal?.addEventListener('abort', end, { once: true });
    const settle = (act: () => void) => {
      clearTimeout(killTimer);
      signal?.removeEventListener('abort', end);
      if (!signal?.aborted) return act();
      // Whatever outlived its parent.
      killGroup(child.pid, 'SIGKILL');
      reject(signal.reason as Error);
    };
    child.on('error', (error: NodeJS.ErrnoException) => settle(() => reject(error.code === 'ENOENT' ? missingProgram(program!) : error)));
    child.on('close', (code) => settle(() => resolve({ exitCode: code ?? SIGNALLED, output, stdout })));
  });
};

/** The last lines of a program's output: where it says what went wrong. */
export function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
}

const WHERE_FROM: Readonly<Record<string, string>> = {
  npm: 'it comes with Node.js: https://nodejs.org',
  python3: 'install Python 3: https://www.python.org',
  go: 'install Go: https://go.dev',
  git: 'install Git: https://git-scm.com',
  docker: 'install Docker: https://docs.docker.com; "shoal build --bundle" needs none',
};

function missingProgram(program: string): CliError {
  return new CliError('missing', `the program ${program} is needed, and is not on this machine`, WHERE_FROM[program] ?? 'install it, and see that it is in PATH');
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}
