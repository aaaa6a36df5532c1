import { spawnSync } from 'node:child_process';

/** As `describe`, of what needs more than Node. Where that is `missing` the specs are skipped and say what; in CI that is a failure. */
export function describeUnlessMissing(title: string, missing: string | undefined, specs: () => void): void {
  if (missing === undefined) return describe(title, specs);
  if (!process.env['CI']) return describe.skip(`${title} (${missing})`, specs);
  it(`${title} has what it needs`, () => {
    throw new Error(missing);
  });
}

/** The same of what needs programs of this machine; `packages` are what Debian has them in. */
export function describeWithPrograms(title: string, programs: readonly string[], packages: string, specs: () => void): void {
  const missing = programs.filter((program) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status !== 0);
  describeUnlessMissing(title, missing.length > 0 ? `not installed: ${missing.join(', ')} (Debian: ${packages})` : undefined, specs);
}

/** The same of what needs Docker engines, which `command` starts where there can be any. */
export function describeWithEngines(title: string, areThere: boolean, command: string, specs: () => void): void {
  const why = process.env['SHOAL_TEST_NO_ENGINE'] ?? `${command} starts one`;
  describeUnlessMissing(title, areThere ? undefined : `no Docker engine: ${why}`, specs);
}
