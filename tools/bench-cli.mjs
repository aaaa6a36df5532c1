// `npm run bench:cli`: how long the command line takes to start, beside the least that Node can do. Compiled too, where there is a Bun.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureBun, hasBun, hostPlatform } from './bun.mjs';
import { buildExecutable, CLI, suffixOf } from './executables.mjs';
import { alternate, folder, mediansOf, ratiosOf, readOptions, rounded, runBench } from './measure.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root, step } from './setup.mjs';

const BASE = 'node -e 0';
const options = readOptions(
  { rounds: { type: 'string', default: '41' } },
  `Usage: npm run bench:cli -- [options]

Starts each command in turns, and prints medians of time and processor time, and of their ratios to "${BASE}". Needs bash.

  --rounds=N   how often each is started (41)
  --help       print this text`,
);

requireNode();
await ensureInstalled();
await ensureBuilt();
await runBench(async () => {
  const commands = [['--version'], ['list', '--help']];
  const main = join(root, CLI.entry);
  const executable = await ensureExecutable();
  const targets = [
    { name: BASE, argv: [process.execPath, '-e', '0'] },
    ...commands.map((args) => ({ name: `shoal ${args.join(' ')}`, argv: [process.execPath, main, ...args] })),
    ...(executable ? commands.map((args) => ({ name: `shoal ${args.join(' ')}, compiled`, argv: [executable, ...args] })) : []),
  ];
  const samples = await alternate(targets, Number(options.rounds), start, 'starts');
  console.log();
  console.table(
    Object.fromEntries(
      mediansOf(samples).map(({ name, wallMs, cpuMs }) => [
        name,
        { 'wall ms': rounded(wallMs), '× wall': ratiosOf(samples, name, BASE, 'wallMs').median, 'CPU ms': rounded(cpuMs), '× CPU': ratiosOf(samples, name, BASE, 'cpuMs').median },
      ]),
    ),
  );
});

async function ensureExecutable() {
  const platform = hostPlatform();
  if (!platform) return undefined;
  if (!hasBun(platform)) await step('Fetching Bun, which makes executables', () => ensureBun(platform));
  const path = join(folder, `${CLI.name}${suffixOf(platform)}`);
  await buildExecutable(platform, path, CLI);
  return path;
}

/** The shell knows the processor time of what it has waited for. */
function start({ name, argv }) {
  const { status, stderr } = spawnSync('bash', ['-c', `TIMEFORMAT='%R %U %S'; time "$@" >/dev/null`, 'bash', ...argv], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  const seconds = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  if (status !== 0 || seconds.length !== 3 || seconds.some(Number.isNaN)) throw new Error(`${name} failed:\n${stderr}`);
  const [wall, user, system] = seconds;
  return { wallMs: wall * 1_000, cpuMs: (user + system) * 1_000 };
}
