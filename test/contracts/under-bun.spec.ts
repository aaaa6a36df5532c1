import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const runFile = promisify(execFile);
const folder = join(__dirname, 'under-bun');
/** Set by `npm test`, where there is one for this machine. */
const bun = process.env['SHOAL_TEST_BUN'];
const inCi = process.env['CI'] !== undefined;

/** The suites of what only Bun has, by Bun's own test runner, which has Jest's words. */
describe('under Bun', () => {
  const skipped = !bun && !inCi;
  const title = skipped ? '%s (skipped: there is no Bun for this machine, or this was not started by npm test)' : '%s passes';
  // They mostly wait.
  (skipped ? it.skip : it.concurrent).each(readdirSync(folder))(
    title,
    async (file) => {
      const { stdout, stderr } = await runFile(bun!, ['test', '--timeout', '20000', join(folder, file)]);
      expect(`${stdout}${stderr}`).toMatch(/ [1-9]\d* pass\n/);
    },
    120_000,
  );
});
