import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CliError } from '../cli-error';

/** A file of a build. */
export interface BuildFile {
  /** Permission bits. */
  readonly mode: number;
  /** Where it is copied from. */
  readonly from: string;
  /** What it holds instead of what is there. */
  readonly text?: string;
}

/** By path in the build's folder, with `/`. */
export type BuildFiles = Map<string, BuildFile>;

const MAX_FILES = 100_000;
/** Links can lead in circles. */
const MAX_DEPTH = 40;
/** Above that a file is copied by the system, and read afterwards. */
const MAX_HELD_BYTES = 1024 * 1024;
const PERMISSIONS = 0o777;

/** Adds all files below `folder`, under `prefix`; links become what they point to. `skip` says what to leave out of the top level. */
export async function addFolder(files: BuildFiles, folder: string, prefix: string, skip: (name: string) => boolean = () => false): Promise<void> {
  await addBelow(files, folder, { prefix, skip, depth: 0 });
}

/** Adds one file or folder as `path`. Rejects with `usage` when it cannot be read. */
export async function addPath(files: BuildFiles, from: string, path: string, depth = 0): Promise<void> {
  const found = await stat(from).catch((error: NodeJS.ErrnoException) => {
    throw new CliError('usage', error.code === 'ENOENT' ? `${from} leads to a file that does not exist` : `${from} cannot be read: ${error.message}`);
  });
  if (found.isDirectory()) return addBelow(files, from, { prefix: path, skip: () => false, depth: depth + 1 });
  // A socket or a pipe is no part of a function.
  if (!found.isFile()) return;
  if (files.size >= MAX_FILES) throw new CliError('usage', `there are more than ${MAX_FILES} files to build from; the last was ${from}`, 'see whether "handler" or "copy" names the folder that you mean');
  files.set(path, { mode: found.mode & PERMISSIONS, from });
}

async function addBelow(files: BuildFiles, folder: string, { prefix, skip, depth }: { prefix: string; skip: (name: string) => boolean; depth: number }): Promise<void> {
  if (depth > MAX_DEPTH) throw new CliError('usage', `${folder} is more than ${MAX_DEPTH} folders deep`, 'see whether a link in it leads in a circle');
  for (const name of (await readdir(folder)).sort()) {
    if (!skip(name)) await addPath(files, join(folder, name), prefix === '' ? name : `${prefix}/${name}`, depth);
  }
}

/**
 * Writes `files` into `folder`, which is there.
 *
 * @returns the SHA-256 of each file as it was written: it can have changed since it was found.
 */
export async function writeFiles(files: BuildFiles, folder: string, signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const parent of new Set([...files.keys()].map((path) => dirname(join(folder, path))))) await mkdir(parent, { recursive: true });
  for (const [path, file] of files) {
    signal?.throwIfAborted();
    digests.set(path, await writeOne(file, join(folder, path)));
  }
  return digests;
}

async function writeOne({ from, text, mode }: BuildFile, target: string): Promise<string> {
  const hash = createHash('sha256');
  if (text === undefined && (await stat(from)).size > MAX_HELD_BYTES) {
    await copyFile(from, target, constants.COPYFILE_FICLONE);
    for await (const chunk of createReadStream(target)) hash.update(chunk as Buffer);
  } else {
    const content = text ?? (await readFile(from));
    await writeFile(target, content);
    hash.update(content);
  }
  await chmod(target, mode);
  return hash.digest('hex');
}
