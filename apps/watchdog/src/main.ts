import { existsSync } from 'node:fs';
import { lockFileOf, SettingsError } from './config';

declare const SHOAL_VERSION: string;

const HELP = `Usage: shoal-watchdog [option]

Serves the command in the environment variable fprocess as an HTTP function on port 8080.

  -run-healthcheck   exit 0 when the watchdog of this container is healthy, 1 when not
  -version           print the version
  -help              print this text
`;

function main(args: readonly string[]): void {
  const option = args[0]?.replace(/^--?/, '');
  if (option === undefined) return void serve();
  // Each of the two is loaded only where it runs: what is not loaded takes no memory.
  if (option === 'host') return void host();
  if (option === 'version') return console.log(SHOAL_VERSION);
  if (option === 'run-healthcheck') return checkHealth();
  if (option === 'help' || option === 'h') return console.log(HELP);
  console.error(`unknown option ${args[0]}\n\n${HELP}`);
  process.exit(2);
}

async function host(): Promise<void> {
  const { runHost } = await import('./host');
  await runHost();
}

async function serve(): Promise<void> {
  const { runSingle } = await import('./single');
  try {
    await runSingle(process.env, SHOAL_VERSION);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

function checkHealth(): void {
  if (existsSync(lockFileOf(process.env))) process.exit(0);
  console.error('unable to find lock file.');
  process.exit(1);
}

main(process.argv.slice(2));
