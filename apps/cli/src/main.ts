import { homedir } from 'node:os';
import { CliError, EXIT_CODES } from './cli-error';
import { run } from './program';

const interrupted = new AbortController();
process.on('SIGINT', () => {
  // The first one lets the command clear up; who cannot wait for that presses again.
  if (interrupted.signal.aborted) process.exit(EXIT_CODES.interrupted);
  interrupted.abort(new CliError('interrupted', 'interrupted'));
});
// A reader such as `head` that has had enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT_CODES.ok);
  throw error;
});

const { stdin, stdout, stderr, env } = process;
void run(process.argv.slice(2), { stdin, stdout, stderr, env, cwd: process.cwd(), home: homedir(), signal: interrupted.signal }).then((code) => (process.exitCode = code));
