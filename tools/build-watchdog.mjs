// `npm run build:watchdog`: the watchdog as one file that needs nothing else, for each platform.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bunPlatforms, ensureBun, hasBun, hostPlatform } from './bun.mjs';
import { buildExecutable, NAME, suffixOf } from './executables.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root, step } from './setup.mjs';

/** Not an executable: the script that any Node runs, for where there is no Bun. */
const SCRIPT = 'node';
const platforms = [...bunPlatforms, SCRIPT];
const folder = join(root, 'dist/watchdog/bin');

const HELP = `Usage: npm run build:watchdog -- [options]

Builds the watchdog into dist/watchdog/bin, which it empties before.

  --only=A,B   only these of ${platforms.slice(0, 4).join(', ')},
               ${platforms.slice(4).join(', ')}; ${SCRIPT} is the script for plain Node
  --help       print this text`;

const wanted = readOptions();
requireNode();
await ensureInstalled();
try {
  await buildAll();
} catch (error) {
  fail(error.message);
}

function readOptions() {
  try {
    const { help, only } = parseArgs({ options: { help: { type: 'boolean' }, only: { type: 'string' } } }).values;
    if (help) {
      console.log(HELP);
      process.exit(0);
    }
    const names = only?.split(',') ?? platforms;
    const unknown = names.find((name) => !platforms.includes(name));
    if (unknown !== undefined) throw new Error(`Unknown platform "${unknown}"; there are ${platforms.join(', ')}.`);
    return new Set(names);
  } catch (error) {
    return fail(`${error.message}\n\n${HELP}`);
  }
}

async function buildAll() {
  const executables = bunPlatforms.filter((platform) => wanted.has(platform));
  const host = hostPlatform();
  if (executables.length > 0 && !host) throw new Error(`Bun does not run on ${process.platform} ${process.arch}, so that executables cannot be built here; --only=${SCRIPT} can.`);
  for (const platform of executables.length > 0 ? new Set([host, ...executables]) : []) {
    if (!hasBun(platform)) await step(`Fetching Bun for ${platform}`, () => ensureBun(platform));
  }
  // What can fail for want of a network has not; only now go the results of the last time.
  if (wanted.has(SCRIPT)) await ensureBuilt();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const platform of executables) {
    await step(`Building for ${platform}`, () => buildExecutable(platform, join(folder, `${NAME}-${platform}${suffixOf(platform)}`)));
  }
  if (wanted.has(SCRIPT)) cpSync(join(root, 'dist/watchdog/main.cjs'), join(folder, `${NAME}.cjs`));
  summarise();
}

function summarise() {
  const files = readdirSync(folder).sort();
  const sums = files.map((file) => `${createHash('sha256').update(readFileSync(join(folder, file))).digest('hex')}  ${file}\n`);
  writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
  console.table(Object.fromEntries(files.map((file) => [file, { MB: Number((statSync(join(folder, file)).size / 1e6).toFixed(1)) }])));
  console.log(`They are in ${folder}, with their SHA256SUMS.`);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
