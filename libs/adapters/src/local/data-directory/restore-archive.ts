import { lstat, mkdir, mkdtemp, open, readdir, realpath, rename, rm, rmdir, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { ArchiveManifest } from './archive-manifest';
import { isLocked, lockDirectory } from './directory-lock';
import { readArchive, type ArchivedEntry } from './read-archive';
import { newSettings, requireKnownLayout, writeSettings } from './settings-file';

export interface RestoreOptions {
  /** The data directory to make. */
  readonly home: string;
  /** Of this version of Shoal. */
  readonly release: string;
  /** Whether a directory that holds something makes way: it is kept beside the new one. */
  readonly replace: boolean;
}

export interface Restored {
  readonly manifest: ArchiveManifest;
  /** Where what was there before is now. */
  readonly before?: string;
}

/**
 * Makes a data directory of an archive. It is made and checked beside its place and moved there as a whole, so that a failure
 * leaves what was there, and so does a crash: but for one in the moment between moving that aside and the new one to its place,
 * which leaves it beside its place, as `before` names it. The new directory has an id of its own, and its gateway leaves the processes of the old one alone.
 *
 * Rejects with `in-use` when a gateway runs there, with `already-exists` when the directory holds something or cannot be moved,
 * and as `readArchive`; with `internal` when what was there could neither be replaced nor be moved back.
 */
export async function restoreArchive(source: Readable, options: RestoreOptions): Promise<Restored> {
  const home = await realpath(options.home).catch(() => options.home);
  const isFilled = await requireRoom(home, options);
  await mkdir(dirname(home), { recursive: true });
  const made = await mkdtemp(join(dirname(home), `.${basename(home)}.restore-`));
  try {
    const links: { readonly path: string; readonly target: string }[] = [];
    const manifest = await readArchive(source, options.release, async (entry) => {
      // Last, so that nothing is written through one.
      if (entry.kind === 'link') links.push(entry);
      else await writeFile(made, entry);
    });
    requireKnownLayout('the back-up', manifest, options.release);
    // All folders before the first link, also where the disk takes names for the same that differ.
    for (const { path } of links) await makeParent(made, path);
    for (const { path, target } of links) await symlink(target, join(made, path));
    await writeSettings(made, { ...newSettings(options.release), version: manifest.layout, samplesDeployed: manifest.samplesDeployed });
    await syncFolder(made);
    const before = isFilled ? await makeWay(home) : undefined;
    if (before === undefined) await rmdir(home).catch(unlessGone).catch(unlessMounted(home));
    try {
      await rename(made, home);
    } catch (error) {
      if (before !== undefined) await moveBack(home, before, error);
      throw error;
    }
    await syncFolder(dirname(home));
    return { manifest, ...(before === undefined ? {} : { before }) };
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

/** Whether there is something that has to make way. */
async function requireRoom(home: string, { replace }: RestoreOptions): Promise<boolean> {
  const found = await stat(home).catch(unlessGone);
  if (!found) return false;
  if (!found.isDirectory()) throw new ShoalError('already-exists', `${home} is no folder: name another place`);
  if (isLocked(home)) throw new ShoalError('in-use', `a gateway uses the data directory ${home}: stop it first`);
  if (found.dev !== (await stat(dirname(home))).dev) throw ownDisk(home);
  const isFilled = (await readdir(home)).length > 0;
  if (isFilled && !replace) throw new ShoalError('already-exists', `${home} holds something already: name another folder, or say --replace to keep it beside the new one`);
  return isFilled;
}

/** Moves a directory aside, while no gateway can begin to use it. */
async function makeWay(home: string): Promise<string> {
  const release = lockDirectory(home);
  const before = `${home}.before-${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`;
  try {
    if (await lstat(before).catch(unlessGone)) throw new ShoalError('already-exists', `${before} exists already: move it away first`);
    await rename(home, before).catch(unlessMounted(home));
  } catch (error) {
    release();
    throw error;
  }
  await rm(join(before, 'gateway.pid'), { force: true });
  return before;
}

/** Gives what was there its place again. Rejects with where it is when that cannot be. */
async function moveBack(home: string, before: string, because: unknown): Promise<void> {
  await rename(before, home).catch((error: NodeJS.ErrnoException) => {
    const codes = [because as NodeJS.ErrnoException, error].map(({ code }) => code);
    throw new ShoalError('internal', `what was in ${home} is in ${before} now, and whole: the new directory could not take its place (${codes[0]}), nor could that go back (${codes[1]}); move it back yourself`, {}, { cause: error });
  });
}

/** A folder that is mounted from the same disk tells so only when it is moved. */
function unlessMounted(home: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw error.code === 'EBUSY' || error.code === 'EXDEV' ? ownDisk(home) : error;
  };
}

function ownDisk(home: string): ShoalError {
  return new ShoalError('already-exists', `${home} is a disk of its own, which cannot be replaced as a whole: restore into a folder on it, and set SHOAL_HOME to that`);
}

async function writeFile(made: string, { path, mode, bytes }: Extract<ArchivedEntry, { kind: 'file' }>): Promise<void> {
  await makeParent(made, path);
  const file = await open(join(made, path), 'wx', mode);
  try {
    for await (const chunk of bytes) await file.writeFile(chunk);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function makeParent(made: string, path: string): Promise<void> {
  await mkdir(dirname(join(made, path)), { recursive: true, mode: 0o700 });
}

/** So that a name is on the disk too. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unlessGone(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}
