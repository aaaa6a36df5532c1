// `npm run test:faults`: what tries to break each promise, in the numbers that docs/reliability.md states; `npm test` runs the same in small.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './setup.mjs';

const HELP = `npm run test:faults [-- --short] [SPECS]

Attacks, faults and load, each told in a row of a table. The long form takes more than an hour, and is ended after two;
nothing else should run beside it. SPECS are paths, as test/faults/queue-kill: all when there is none.

  --short  in the numbers of \`npm test\`; ended after six minutes

SHOAL_FAULT_SEED: what random choices begin with, to repeat a run; each run says its own.
SHOAL_FAULT_CASE: of the specs fuzz-control-plane and fuzz-stack-file, the one case to repeat.
SHOAL_SOAK_MINUTES: how long the soak takes. Default: 30; with --short, some seconds.`;

/** Also what attacks from elsewhere: with texts in the portal, and on the record of who did what. */
const SPECS = ['test/faults', 'test/portal/hostile-texts', 'test/audit'];
const MINUTE_MS = 60_000;

const given = process.argv.slice(2);
if (given.includes('--help')) {
  console.log(HELP);
  process.exit(0);
}
const isShort = given.includes('--short');
const limitMs = (isShort ? 6 : 120) * MINUTE_MS;
const specs = given.filter((arg) => arg !== '--short');
const seed = process.env.SHOAL_FAULT_SEED ?? String(isShort ? 1 : Date.now() % 2 ** 31);
const env = { ...process.env, SHOAL_FAULT_SEED: seed, ...(!isShort && { SHOAL_FAULTS: 'long' }) };
const args = [join(root, 'tools/test.mjs'), '--parts=plain,serial,engine', ...(specs.length > 0 ? specs : SPECS)];

console.log(`SHOAL_FAULT_SEED=${seed}`);
const startedMs = performance.now();
const { status, error } = spawnSync(process.execPath, args, { stdio: 'inherit', env, timeout: limitMs });
const tookS = Math.round((performance.now() - startedMs) / 1_000);
if (error?.code === 'ETIMEDOUT') console.error(`It was ended after ${limitMs / MINUTE_MS} minutes: a spec hangs, or the machine is too slow.`);
else if (error) console.error(error.message);
console.log(`${Math.floor(tookS / 60)} min ${tookS % 60} s, SHOAL_FAULT_SEED=${seed}`);
process.exit(error ? 1 : (status ?? 1));
