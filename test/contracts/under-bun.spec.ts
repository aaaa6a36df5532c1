import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(__dirname, 'under-bun');
/** Set by `npm test`, where there is one for this machine. */
const bun = process.env['SHOAL_TEST_BUN'];
const inCi = process.env['CI'] !== undefined;

/** The suites of what only Bun has, by Bun's own test runner, which has Jest's words. */
describe('under Bun', () => {
  const skipped = !bun && !inCi;
  const title = skipped ? '%s (skipped: there is no Bun for this machine, or this was not started by npm test)' : '%s passes';
  (skipped ? it.skip : it).each(readdirSync(folder))(
    title,
    (file) => {
      const { status, stdout, stderr } = spawnSync(bun!, ['test', '--timeout', '20000', join(folder, file)], { encoding: 'utf8' });
      expect(`${stdout}${stderr}`).toMatch(/ [1-9]\d* pass\n/);
      if (status !== 0) throw new Error(`${stdout}${stderr}`);
    },
    120_000,
  );
});
