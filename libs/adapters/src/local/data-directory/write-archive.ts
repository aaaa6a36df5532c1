import { open, readdir, readFile, readlink, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ARCHIVE_FORMAT, MANIFEST_FILE, QUEUE_FILE, type ArchiveManifest } from './archive-manifest';
import { placeOf } from './archive-paths';
import { portableFunction } from './deployed-bundles';
import { LAYOUT } from './settings-file';
import { TarWriter } from './tar-writer';

export interface ArchiveOptions {
  /** The data directory. */
  readonly home: string;
  readonly release: string;
  readonly madeAt: Date;
  readonly queue: ArchiveManifest['queue'];
  /** A copy of the queue's file that nobody writes to; closed when the archive has ended, however it does, but not when none is made. */
  readonly queueCopy: FileHandle | undefined;
  readonly samplesDeployed: boolean;
  /** Told of what is left out because it has no place in a data directory. */
  readonly warn: (text: string) => void;
}

const ALONE = ['admin.json', 'namespaces.json'] as const;
const PRIVATE_FILE = 0o600;

/**
 * Makes an archive (tar) of a data directory that may be in use: each file is in it as it was at some moment since the call.
 * What is small is read before this resolves; bundles and the queue are read as the archive is. When that fails the stream does.
 *
 * The id of the directory, its lock and what functions have written to their own folders is not in it.
 */
export async function writeArchive(options: ArchiveOptions): Promise<Readable> {
  const { home } = options;
  // A function is in it with its secrets: what comes after the secrets were read is left out, and so is what has gone by then,
  // as its secrets may have. Only an update meanwhile, from secrets that are removed to new ones, can part the two.
  const before = await readAll(options, 'functions', '.json');
  const secrets = await readAll(options, 'secrets', '.secret');
  const still = new Set((await readAll({ ...options, warn: () => undefined }, 'functions', '.json')).map(({ path }) => path));
  const small = [...secrets, ...(await Promise.all(ALONE.map(async (path) => ({ path, content: await contentOf(join(home, path)) })))).flatMap(present)];
  const taken = new Set(await readdir(join(home, 'bundles')).catch(unlessGone));
  const bundles = new Map<string, string>();
  for (const { path, content } of before.filter((one) => still.has(one.path))) {
    const { text, bundle } = await portableFunction(content.toString(), { home, taken });
    small.push({ path, content: Buffer.from(text) });
    if (bundle) bundles.set(bundle.name, bundle.folder);
  }
  const writer = new TarWriter();
  fill(writer, { ...options, small, bundles }).catch((error: Error) => writer.tar.destroy(error));
  finished(writer.tar).catch(() => undefined).finally(() => void options.queueCopy?.close());
  return writer.tar;
}

interface SmallFile {
  readonly path: string;
  readonly content: Buffer;
}

interface Filling extends ArchiveOptions {
  readonly small: readonly SmallFile[];
  /** Name → folder, of those that are not in the data directory. */
  readonly bundles: ReadonlyMap<string, string>;
}

async function fill(writer: TarWriter, { home, release, madeAt, queue, queueCopy, samplesDeployed, warn, small, bundles }: Filling): Promise<void> {
  for (const { path, content } of small) await writer.addBytes(path, content, PRIVATE_FILE);
  if (queueCopy) await writer.addFile(QUEUE_FILE, queueCopy, PRIVATE_FILE);
  await addFolder(writer, { from: join(home, 'bundles'), to: 'bundles', warn });
  for (const [name, folder] of bundles) await addFolder(writer, { from: folder, to: `bundles/${name}`, warn });
  const manifest: ArchiveManifest = { format: ARCHIVE_FORMAT, layout: LAYOUT, release, madeAt: madeAt.toISOString(), queue, samplesDeployed, files: writer.files };
  await writer.end(MANIFEST_FILE, Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`), PRIVATE_FILE);
}

interface Folder {
  readonly from: string;
  /** In the archive. */
  readonly to: string;
  readonly warn: (text: string) => void;
}

/** Files, and links as links; what else there is in a bundle cannot be of use elsewhere. */
async function addFolder(writer: TarWriter, folder: Folder): Promise<void> {
  const entries = await readdir(folder.from, { withFileTypes: true }).catch(unlessGone);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const [from, to] = [join(folder.from, entry.name), `${folder.to}/${entry.name}`];
    if (entry.isDirectory()) await addFolder(writer, { ...folder, from, to });
    else if (placeOf(to) !== 'bundle') leaveOut(from, folder.warn);
    else if (entry.isSymbolicLink()) await writer.addLink(to, await readlink(from));
    else if (entry.isFile()) {
      const file = await open(from);
      try {
        await writer.addFile(to, file, (await file.stat()).mode & 0o777);
      } finally {
        await file.close();
      }
    }
  }
}

/** All files of `folder` with that ending, whatever is in them. */
async function readAll({ home, warn }: Pick<ArchiveOptions, 'home' | 'warn'>, folder: string, ending: string): Promise<readonly SmallFile[]> {
  const names = await readdir(join(home, folder), { recursive: true }).catch(unlessGone);
  const paths = names.filter((name) => name.endsWith(ending)).map((name) => `${folder}/${name.split(sep).join('/')}`);
  const read: SmallFile[] = [];
  for (const path of paths.sort()) {
    if (placeOf(path) === 'private') read.push(...present({ path, content: await contentOf(join(home, path)) }));
    else leaveOut(join(home, path), warn);
  }
  return read;
}

function leaveOut(file: string, warn: (text: string) => void): void {
  warn(`${file} is not in the back-up: it has no place in a data directory; move it to where it belongs`);
}

function present({ path, content }: { readonly path: string; readonly content: Buffer | undefined }): readonly SmallFile[] {
  return content === undefined ? [] : [{ path, content }];
}

/** `undefined` when there is none any more, or it is a folder. */
async function contentOf(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'EISDIR') return undefined;
    throw error;
  });
}

/** Of a folder that is not there, or not any more, there is nothing. */
function unlessGone(error: NodeJS.ErrnoException): never[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
