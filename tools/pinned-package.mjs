// Packages that a build or a test needs now and then, and that are too large to be dependencies of everybody.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, run, runNpm } from './setup.mjs';

/** What npm says first is why; more of it is a stack and advice. */
const TELLING_LINES = 5;

/** Goes with `node_modules`; npm's own cache gives everything back without a download. */
export const cacheFolder = join(root, 'node_modules/.cache/shoal');

/**
 * Puts the files of a package into `folder`, unless they are there. npm fetches it, from the registry that npm is set to.
 * `folder` is whole or absent at any time, and may be asked for by several processes at once.
 *
 * @throws Error when npm cannot get it, or when it is not the one that `integrity` ("sha512-...") was taken from.
 */
export async function ensurePackage({ name, version, integrity }, folder) {
  if (existsSync(folder)) return;
  mkdirSync(dirname(folder), { recursive: true });
  const unfinished = mkdtempSync(`${folder}.`);
  try {
    const tarball = await fetchTarball(`${name}@${version}`, unfinished);
    const found = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
    if (found !== integrity) throw new Error(`${name}@${version} is not the package that is pinned here: its checksum is ${found}, not ${integrity}`);
    const content = join(unfinished, 'content');
    mkdirSync(content);
    await run('tar', ['-xzf', tarball, '-C', content, '--strip-components=1']);
    moveInPlace(content, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

async function fetchTarball(wanted, folder) {
  const args = ['pack', wanted, '--pack-destination', folder, '--prefer-offline', '--fetch-retries=1', '--loglevel=error'];
  try {
    await runNpm(args);
  } catch (error) {
    const beginning = error.message.split('\n').slice(0, TELLING_LINES).join('\n');
    throw new Error(`npm could not fetch ${wanted}. Can its registry be reached ("npm ping")?\n${beginning}`);
  }
  return join(folder, readdirSync(folder).find((file) => file.endsWith('.tgz')));
}

function moveInPlace(content, folder) {
  try {
    renameSync(content, folder);
  } catch (error) {
    // Another process was faster, with the same files.
    if (!existsSync(folder)) throw error;
  }
}
