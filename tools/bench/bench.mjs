// `npm run bench`: what the gateway costs, each figure beside nginx, or whatever else does the least, in the same minutes.
import { cpus } from 'node:os';
import { fail, readOptions, requirePrograms, runBench } from '../measure.mjs';
import { tellOn } from '../setup.mjs';
import { benchAsync } from './async.mjs';
import { benchList, benchMemory } from './functions.mjs';
import { prepareCheckouts } from './gateways.mjs';
import { benchHop, benchStreaming } from './hop.mjs';
import { profileHop, profileTable } from './profile.mjs';
import { benchStart } from './start.mjs';
import { benchTable } from './bench-table.mjs';
import { benchWorkers } from './workers.mjs';

/** In the order in which they run. */
const PARTS = {
  hop: benchHop,
  streaming: benchStreaming,
  workers: benchWorkers,
  async: benchAsync,
  start: benchStart,
  memory: benchMemory,
  list: benchList,
};

/** Times `--seconds`: the start is in a profile too, and should not count much. */
const PROFILED_SECONDS = 5;

const HELP = `Usage: npm run bench -- [options]

Prints one table: what a call, a start or a function costs, in processor time of the whole process group or in memory; what that is
times what it is compared with, as the median of alternating rounds; and latencies.

  --only=PARTS     some of ${Object.keys(PARTS).join(', ')}; all when left out
  --rounds=N       alternating measurements of each (default 5)
  --seconds=N      length of each measurement, whole seconds (default 1)
  --beside=FOLDER  another checkout of this project, built, whose gateway is measured in the same rounds: what was before
  --profile=DIR    instead: writes CPU profiles of the hop into DIR, and prints where its time goes
  --json           print the numbers as JSON too
  --help           print this text`;

const options = readOptions(
  {
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    beside: { type: 'string' },
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  HELP,
);
const [rounds, seconds] = [Number(options.rounds), Number(options.seconds)];
if (!(rounds >= 1 && seconds >= 1 && Number.isInteger(rounds) && Number.isInteger(seconds))) fail('--rounds and --seconds must be whole numbers from 1 on');
const only = options.only?.split(',') ?? Object.keys(PARTS);
const unknown = only.find((part) => !PARTS[part]);
if (unknown !== undefined) fail(`--only knows no "${unknown}", only ${Object.keys(PARTS).join(', ')}`);

requirePrograms('bench');
tellOn(process.stderr);
await runBench(async () => {
  const checkouts = await prepareCheckouts(options.beside);
  if (options.profile) {
    const profiles = await profileHop({ checkouts, seconds: PROFILED_SECONDS * seconds, directory: options.profile });
    console.log(`\nShares of the time in which the gateway is not idle; the profiles are in ${options.profile}\n\n${profileTable(profiles)}`);
    if (options.json) console.log(JSON.stringify(profiles, null, 2));
    return;
  }
  const rows = [];
  for (const part of Object.keys(PARTS).filter((name) => only.includes(name))) {
    rows.push(...(await PARTS[part]({ checkouts, rounds, seconds })).map((row) => ({ part, ...row })));
  }
  console.log(`\nMedians of ${rounds} alternating rounds of ${seconds} s; ${cpus().length} cores, Node ${process.versions.node}\n`);
  console.log(benchTable(rows));
  if (options.json) console.log(JSON.stringify({ node: process.version, cores: cpus().length, rounds, seconds, rows }, null, 2));
});
