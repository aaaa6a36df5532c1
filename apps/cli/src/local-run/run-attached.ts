import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CliError } from '../cli-error';

/** A program that is to end before, and with, this one. */
export interface Launch {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface Attached {
  /** Resolves with its exit code; `null` when a signal ended it. Rejects with `missing` when it cannot be started. */
  readonly ended: Promise<number | null>;
  /** Has it end as by Ctrl-C, and resolves when it has. */
  readonly stop: () => Promise<void>;
}

const KILL_GRACE_MS = 10_000;

/** Starts a program with the input and the outputs of this one. It ends when `signal` fires, and when this one is told to end. */
export function runAttached({ argv: [program, ...args], env, cwd }: Launch, signal: AbortSignal): Attached {
  const child = spawn(program!, args, { env, cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  let killTimer: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill('SIGINT');
    killTimer ??= setTimeout(() => child.kill('SIGKILL'), KILL_GRACE_MS);
  };
  const ended = once(child, 'exit').then(
    ([code]) => code as number | null,
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new CliError('missing', `the program ${program} is needed, and is not on this machine`, 'install it, and see that it is in PATH') : error;
    },
  );
  const clear = () => {
    clearTimeout(killTimer);
    signal.removeEventListener('abort', stop);
    for (const one of ['SIGTERM', 'SIGHUP'] as const) process.off(one, stop);
  };
  signal.addEventListener('abort', stop);
  for (const one of ['SIGTERM', 'SIGHUP'] as const) process.on(one, stop);
  void ended.then(clear, clear);
  return { ended, stop: () => (stop(), ended.then(() => undefined, () => undefined)) };
}
