import { spawnSync } from 'node:child_process';

/**
 * As `describe`, of what needs programs of this machine. Where one is missing the specs are skipped and say so; in CI that
 * is a failure. `packages` are what Debian has them in.
 */
export function describeWithPrograms(title: string, programs: readonly string[], packages: string, specs: () => void): void {
  const missing = programs.filter((program) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status !== 0);
  if (missing.length === 0) return describe(title, specs);
  const why = `not installed: ${missing.join(', ')} (Debian: ${packages})`;
  if (!process.env['CI']) return describe.skip(`${title} (${why})`, specs);
  it(`${title} has what it needs`, () => {
    throw new Error(why);
  });
}
