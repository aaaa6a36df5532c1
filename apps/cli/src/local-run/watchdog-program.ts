import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../cli-error';
import { findProgram } from '../find-program';
import type { Env } from '../terminal';

/** The watchdog's script, beside this program's own: in the npm package, and in what a checkout builds. */
export const WATCHDOG_SCRIPTS = ['watchdog.cjs', '../watchdog/main.cjs'] as const;
/** What it is called where it is installed by itself. */
const NAMES = ['shoal-watchdog', 'fwatchdog'];

/** The command that starts the watchdog. Rejects with `missing` when it is neither beside this program nor in PATH. */
export async function watchdogProgram(env: Env): Promise<readonly string[]> {
  const script = WATCHDOG_SCRIPTS.map((path) => join(__dirname, path)).find((path) => existsSync(path));
  // What runs an executable of ours is that executable itself, which runs no scripts.
  const node = process.versions['bun'] === undefined ? process.execPath : await findProgram('node', env);
  if (script !== undefined && node !== undefined) return [node, script];
  for (const name of NAMES) {
    const found = await findProgram(name, env);
    if (found !== undefined) return [found];
  }
  throw new CliError('missing', 'the watchdog, which runs functions, is not on this machine', 'install shoal-watchdog into PATH (docs/watchdog.md), or use --docker');
}
