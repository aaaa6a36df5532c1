// `npm run check`: types, lint, architecture, unused code. `npm test` is the other half.
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, requireNode, root } from './setup.mjs';

requireNode();
await ensureInstalled();

const bin = (name) => join(root, 'node_modules/.bin', name);
/** The one that takes longest first: as many run at a time as there are processors. */
const checks = [
  ['lint', bin('eslint'), ['.', '--max-warnings', '0']],
  ['types', bin('tsc'), ['-p', 'tsconfig.json']],
  ['types of the domain, which sees no Node', bin('tsc'), ['-p', 'libs/domain']],
  ['types of the portal', bin('tsc'), ['-p', 'apps/portal', '--noEmit']],
  ['architecture', bin('depcruise'), ['--config', '.dependency-cruiser.cjs', 'apps', 'libs', 'test']],
  ['unused code', bin('knip'), []],
];

async function workThrough(queue) {
  for (let next = queue.shift(); next; next = queue.shift()) await check(...next);
}

function check(name, command, args) {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: root, env: { ...process.env, NO_COLOR: '1' }, maxBuffer: Infinity }, (error, stdout, stderr) => {
      console.log(`${error ? 'FAILED' : 'ok    '} ${name}`);
      if (error) {
        console.error(stdout, stderr);
        process.exitCode = 1;
      }
      resolve();
    });
  });
}

const queue = [...checks];
await Promise.all(Array.from({ length: availableParallelism() }, () => workThrough(queue)));
