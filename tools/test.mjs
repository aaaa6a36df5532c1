// `npm test`: sets up what the tests need, and runs them all; arguments go to Jest.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureBun, hasBun, hostPlatform } from './bun.mjs';
import { ensureExecutable } from './executables.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root, step } from './setup.mjs';

requireNode();
await ensureInstalled();
await ensureBuilt();
const env = { ...process.env, ...(await setUpBun()) };
const jest = join(root, 'node_modules/jest/bin/jest.js');
const { status } = spawnSync(process.execPath, [jest, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit', env });
process.exit(status ?? 1);

/** The watchdog is tested as an executable too, where there can be one; elsewhere these tests do not exist. */
async function setUpBun() {
  const platform = hostPlatform();
  if (!platform) return {};
  if (!hasBun(platform)) await step('Fetching Bun, which makes executables', () => ensureBun(platform));
  return { SHOAL_TEST_BUN: await ensureBun(platform), SHOAL_TEST_WATCHDOG: await ensureExecutable() };
}
