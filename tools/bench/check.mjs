// `npm run bench:check`: fails when calls cost clearly more, beside nginx, than the baseline says.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, median, readOptions, requirePrograms, runBench } from '../measure.mjs';
import { root, tellOn } from '../setup.mjs';
import { ALLOWED, compareWithBaseline } from './baseline.mjs';
import { prepareCheckouts } from './gateways.mjs';
import { benchHop } from './hop.mjs';
import { markdownTable } from '../markdown-table.mjs';

const BASELINE = 'test/bench/baseline.json';
/** The main rows of the hop. */
const CHECKED = ['GET 12 B, 32 conn.', 'POST 12 B, 32 conn.', 'GET 12 B, 256 conn.', 'GET 100 KiB, 32 conn.', 'POST 100 KiB, 32 conn.', 'GET 12 B, 32 conn., close'];
/** What V8 makes of the same program differs from process to process by more than rounds do: this many are measured. */
const PROCESSES = 3;

const HELP = `Usage: npm run bench:check -- [options]

Measures how often a call costs what it costs nginx, and fails when that is more than ${ALLOWED} times what ${BASELINE} says.
A row that is too dear is measured once more.

  --update    write what is measured into ${BASELINE}
  --rounds=N  alternating measurements of each, of 1 s, with each of ${PROCESSES} processes (default 3)
  --help      print this text`;

const options = readOptions({ update: { type: 'boolean', default: false }, rounds: { type: 'string', default: '3' } }, HELP);
const rounds = Number(options.rounds);
if (!(Number.isInteger(rounds) && rounds >= 1)) fail('--rounds must be a whole number from 1 on');

requirePrograms('bench:check');
tellOn(process.stderr);
await runBench(async () => {
  const [ours] = await prepareCheckouts();
  const checkouts = [ours, ...Array.from({ length: PROCESSES - 1 }, (_, i) => ({ ...ours, name: `process ${i + 2}` }))];
  const file = join(root, BASELINE);
  const baseline = JSON.parse(readFileSync(file, 'utf8'));
  const measureRows = async (only) => (await benchHop({ checkouts, rounds, seconds: 1, only })).map(({ what, times }) => [what, median(Object.values(times).map((one) => one.median))]);
  const measured = Object.fromEntries(await measureRows(CHECKED));
  const dear = compareWithBaseline(baseline, measured).filter(({ verdict }) => verdict === 'too dear');
  // What else the machine did may have been the reason; a change of ours stays.
  const again = dear.length > 0 && !options.update ? await measureRows(dear.map(({ what }) => what)) : [];
  for (const [what, times] of again) measured[what] = Math.min(measured[what], times);
  const verdicts = compareWithBaseline(baseline, measured);
  console.log(`\nProcessor time of a call, times nginx's; medians of ${PROCESSES} processes and ${rounds} rounds\n`);
  console.log(markdownTable(verdicts.map(shown)));
  if (options.update) return writeFileSync(file, `${JSON.stringify(measured, null, 2)}\n`);
  const failures = verdicts.filter(({ verdict }) => verdict !== 'ok');
  if (failures.length === 0) return;
  throw new Error(
    `\n${failures.map(({ what, verdict }) => `${what}: ${verdict}`).join('; ')}. Run it again on a quiet machine; if it stays, ` +
      `\`npm run bench -- --profile=DIR\` shows where the time goes; if it is meant, write a new baseline: npm run bench:check -- --update`,
  );
});

function shown({ what, before, now, change, verdict }) {
  const text = (value) => (value === undefined ? '' : value.toFixed(2));
  return { what, baseline: text(before), now: text(now), change: text(change), verdict };
}
