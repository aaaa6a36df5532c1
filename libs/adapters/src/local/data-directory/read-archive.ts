import { createHash } from 'node:crypto';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, ShoalError } from '@shoal/domain/shared/errors';
import { extract, type Headers } from 'tar-stream';
import { damaged, MANIFEST_FILE, parseManifest, type ArchivedFile, type ArchiveManifest } from './archive-manifest';
import { placeOf } from './archive-paths';

/** What is in an archive, at its place in the data directory. */
export type ArchivedEntry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly bytes: AsyncIterable<Buffer> }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

const MAX_MANIFEST_BYTES = 256 * 1024 * 1024;
/** Of files that only their owner may read. A bundle's own say who else may. */
const PRIVATE_FILE = 0o600;

/**
 * Reads an archive to its end, calls `keep` for each of its files in turn, and checks it against its manifest. `keep` must
 * take all of the bytes. What it keeps is not to be used before this has resolved.
 *
 * Rejects with `invalid-request` an archive that is cut short, changed, or has anything in it that belongs in no data
 * directory; with `unsupported` one of a newer version; and as `keep` does.
 */
export async function readArchive(source: Readable, release: string, keep: (entry: ArchivedEntry) => Promise<void>): Promise<ArchiveManifest> {
  const read: ArchivedFile[] = [];
  const tree = new ArchivedTree();
  let manifest: ArchiveManifest | undefined;
  const take = async (headers: Headers, body: Readable) => {
    const { name: path } = headers;
    if (manifest) throw damaged(`${path} comes after ${MANIFEST_FILE}`);
    if (path === MANIFEST_FILE) manifest = parseManifest(await textOf(body), release);
    else {
      tree.add(path);
      read.push(await takeFile(headers, body, keep));
    }
  };
  const tar = extract();
  let failure: Error | undefined;
  let current: { readonly body: PassThrough; readonly taken: Promise<void> } | undefined;
  tar.on('entry', (headers, stream, next) => {
    // What tar-stream hands out does not end when the archive does.
    const body = stream.pipe(new PassThrough());
    body.on('error', () => undefined); // It is told by who takes it, if anybody does.
    const taken = take(headers, body).then(
      () => next(),
      (error: Error) => next((failure ??= error)),
    );
    current = { body, taken };
  });
  try {
    await pipeline(source, tar);
  } catch (error) {
    const first = failure;
    current?.body.destroy(error as Error);
    await current?.taken; // Nobody keeps anything any more.
    failure = first;
    if (failure !== undefined) throw failure;
    // What reading the source rejects with has a code; what the archive is refused with has none.
    throw (error as NodeJS.ErrnoException).code === undefined ? damaged(messageOf(error)) : error;
  }
  if (!manifest) throw damaged('it is cut short');
  compare(read, manifest.files);
  return manifest;
}

async function takeFile({ name: path, type, mode, linkname }: Headers, body: Readable, keep: (entry: ArchivedEntry) => Promise<void>): Promise<ArchivedFile> {
  const place = placeOf(path);
  const hash = createHash('sha256');
  let bytes = 0;
  if (type === 'symlink' && linkname && place === 'bundle') {
    body.resume();
    await keep({ kind: 'link', path, target: linkname });
    return { path, bytes, sha256: hash.update(linkname).digest('hex') };
  }
  if (type !== 'file' || place === undefined) throw damaged(`${path} has no place in a data directory`);
  const counted = async function* () {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  await keep({ kind: 'file', path, mode: place === 'private' ? PRIVATE_FILE : (mode ?? PRIVATE_FILE) & 0o777, bytes: counted() });
  return { path, bytes, sha256: hash.digest('hex') };
}

/** Files and links are ends: below one there is nothing, or what is written there would be written through a link to somewhere else. */
class ArchivedTree {
  private readonly ends = new Set<string>();
  private readonly folders = new Set<string>();

  /** Throws `invalid-request` what cannot be there together with what has been added. */
  add(path: string): void {
    if (this.ends.has(path) || this.folders.has(path)) throw damaged(`${path} is there twice`);
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (this.ends.has(folder)) throw damaged(`${path} is in ${folder}, which is no folder`);
      this.folders.add(folder);
    }
    this.ends.add(path);
  }
}

function compare(read: readonly ArchivedFile[], expected: readonly ArchivedFile[]): void {
  for (const [at, { path, bytes, sha256 }] of expected.entries()) {
    const found = read[at];
    if (found?.path !== path) throw damaged(`${path} is missing`);
    if (found.bytes !== bytes || found.sha256 !== sha256) throw damaged(`${path} is not as it was`);
  }
  const extra = read[expected.length];
  if (extra) throw damaged(`${extra.path} is not in its list`);
}

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_MANIFEST_BYTES) throw new ShoalError('invalid-request', `${MANIFEST_FILE} of the back-up is longer than ${MAX_MANIFEST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
