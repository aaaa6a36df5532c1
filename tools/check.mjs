// `npm run check`: types, lint, architecture, unused code. `npm test` is the other half.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, requireNode, root } from './setup.mjs';

requireNode();
await ensureInstalled();

const bin = (name) => join(root, 'node_modules/.bin', name);
const checks = [
  ['types', bin('tsc'), ['-p', 'tsconfig.json']],
  ['types of the domain, which sees no Node', bin('tsc'), ['-p', 'libs/domain']],
  ['types of the portal', bin('tsc'), ['-p', 'apps/portal', '--noEmit']],
  ['lint', bin('eslint'), ['.', '--max-warnings', '0']],
  ['architecture', bin('depcruise'), ['--config', '.dependency-cruiser.cjs', 'apps', 'libs', 'test']],
  ['unused code', bin('knip'), []],
];

for (const [name, command, args] of checks) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  if (status !== 0) {
    console.error(stdout, stderr);
    process.exit(1);
  }
}
