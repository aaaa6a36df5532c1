// What `npm run build:watchdog` and `npm run build:cli` have in common: a program for each platform, with checksums.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bunPlatforms, ensureBun, hasBun, hostPlatform } from './bun.mjs';
import { buildExecutable, suffixOf } from './executables.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root, step } from './setup.mjs';

/**
 * Builds what the command line asks for into `folder`, which is emptied before, and ends the process with a message when it cannot.
 *
 * @param command the npm script. @param title what is built, for the help. @param folder relative to the root.
 * @param program of executables.mjs. @param portable what is built for any Node besides: `name` for `--only`, what it is (`about`),
 *   and `build(folder)`.
 */
export async function release({ command, title, folder: relative, program, portable }) {
  const folder = join(root, relative);
  const platforms = [...bunPlatforms, portable.name];
  const help = `Usage: npm run ${command} -- [options]

Builds ${title} into ${relative}, which it empties before.

  --only=A,B   only these of ${platforms.slice(0, 4).join(', ')},
               ${platforms.slice(4).join(', ')}; ${portable.name} is ${portable.about}
  --help       print this text`;
  const wanted = readOptions(platforms, help);
  requireNode();
  await ensureInstalled();
  try {
    await build(wanted, { folder, program, portable });
  } catch (error) {
    fail(error.message);
  }
}

function readOptions(platforms, help) {
  try {
    const { help: asked, only } = parseArgs({ options: { help: { type: 'boolean' }, only: { type: 'string' } } }).values;
    if (asked) {
      console.log(help);
      process.exit(0);
    }
    const names = only?.split(',') ?? platforms;
    const unknown = names.find((name) => !platforms.includes(name));
    if (unknown !== undefined) throw new Error(`Unknown platform "${unknown}"; there are ${platforms.join(', ')}.`);
    return new Set(names);
  } catch (error) {
    return fail(`${error.message}\n\n${help}`);
  }
}

async function build(wanted, { folder, program, portable }) {
  const executables = bunPlatforms.filter((platform) => wanted.has(platform));
  const host = hostPlatform();
  if (executables.length > 0 && !host) throw new Error(`Bun does not run on ${process.platform} ${process.arch}, so that executables cannot be built here; --only=${portable.name} can.`);
  for (const platform of executables.length > 0 ? new Set([host, ...executables]) : []) {
    if (!hasBun(platform)) await step(`Fetching Bun for ${platform}`, () => ensureBun(platform));
  }
  // What can fail for want of a network has not; only now go the results of the last time.
  await ensureBuilt();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const platform of executables) {
    await step(`Building for ${platform}`, () => buildExecutable(platform, join(folder, `${program.name}-${platform}${suffixOf(platform)}`), program));
  }
  if (wanted.has(portable.name)) await portable.build(folder);
  summarise(folder);
}

function summarise(folder) {
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
