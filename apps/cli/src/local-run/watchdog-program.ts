import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError } from '../cli-error';
import { findProgram } from '../find-program';
import type { Env } from '../terminal';

/** The watchdog's script, beside this program: in the npm package, in what a checkout builds, and wherever somebody has put both. */
export const WATCHDOG_SCRIPTS = ['watchdog.cjs', '../watchdog/main.cjs'] as const;
/** What it is called where it is installed by itself. */
const NAMES = ['shoal-watchdog', 'fwatchdog'];

/** The command that starts the watchdog. Rejects with `missing` when it is neither beside this program nor in PATH. */
export async function watchdogProgram(env: Env): Promise<readonly string[]> {
  // An executable is its own runtime, which runs no other scripts.
  const isExecutable = process.versions['bun'] !== undefined;
  const folder = isExecutable ? dirname(process.execPath) : __dirname;
  const script = WATCHDOG_SCRIPTS.map((path) => join(folder, path)).find((path) => existsSync(path));
  const node = isExecutable ? await findProgram('node', env) : process.execPath;
  if (script !== undefined && node !== undefined) return [node, script];
  for (const name of NAMES) {
    const found = await findProgram(name, env);
    if (found !== undefined) return [found];
  }
  throw new CliError('missing', 'the watchdog, which runs functions, is not on this machine', 'install shoal-watchdog into PATH (docs/watchdog.md), or use --docker');
}
