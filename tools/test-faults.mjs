// `npm run test:faults`: what tries to break each promise, in the numbers that docs/reliability.md states; `npm test` runs the same in small.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './setup.mjs';

const HELP = `npm run test:faults [-- --short] [SPECS]

Attacks, faults and load, each told in a row of a table. The long form takes about an hour; nothing else should run beside it.
SPECS are paths below test/faults, as test/faults/queue-kill: all when there is none.

  --short  in the numbers of \`npm test\`, within six minutes

SHOAL_FAULT_SEED: what random choices begin with, to repeat a run whose failure named it.
SHOAL_FAULT_CASE: of the specs fuzz-control-plane and fuzz-stack-file, the one case to repeat.`;

const given = process.argv.slice(2);
if (given.includes('--help')) {
  console.log(HELP);
  process.exit(0);
}
const specs = given.filter((arg) => arg !== '--short');
const env = { ...process.env, ...(!given.includes('--short') && { SHOAL_FAULTS: 'long' }) };
const args = [join(root, 'tools/test.mjs'), '--parts=plain,serial,engine', ...(specs.length > 0 ? specs : ['test/faults'])];
const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env });
process.exit(status ?? 1);
