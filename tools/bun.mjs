// Bun, which makes executables of the watchdog. No dependency: it is 100 MB a platform, and only who builds those needs it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, ensurePackage } from './pinned-package.mjs';
import { root } from './setup.mjs';

const { version, platforms } = JSON.parse(readFileSync(join(root, 'tools/bun.json'), 'utf8'));
const SYSTEMS = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/** All that there is a Bun for: `linux-x64`, `linux-x64-musl`, `windows-x64`, ... */
export const bunPlatforms = Object.keys(platforms);

/** What this machine is; `undefined` where there is no Bun, as on 32-bit ARM. */
export function hostPlatform() {
  const platform = `${SYSTEMS[process.platform]}-${process.arch}${isMusl() ? '-musl' : ''}`;
  return bunPlatforms.includes(platform) ? platform : undefined;
}

/** Whether `ensureBun(platform)` has nothing to fetch. */
export function hasBun(platform) {
  return existsSync(folderOf(platform));
}

/** Fetches the Bun of a platform unless it is there, and resolves with the path of its executable. */
export async function ensureBun(platform) {
  const { package: name, executable, integrity } = platforms[platform];
  await ensurePackage({ name, version, integrity }, folderOf(platform));
  return join(folderOf(platform), executable);
}

function folderOf(platform) {
  return join(cacheFolder, `bun-${version}`, platform);
}

function isMusl() {
  // Node tells the version of glibc only where it runs on glibc.
  return process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
}
