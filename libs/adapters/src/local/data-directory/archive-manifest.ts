import { ShoalError } from '@shoal/domain/shared/errors';

/** The last file of a back-up. One without it is cut short. */
export interface ArchiveManifest {
  /** Of the archive itself. */
  readonly format: number;
  /** Of the data directory that it was made of. */
  readonly layout: number;
  /** The version of Shoal that made it. */
  readonly release: string;
  /** RFC 3339. */
  readonly madeAt: string;
  /** Where the queue was: only `lmdb` is in the archive. */
  readonly queue: 'lmdb' | 'nats' | 'none';
  readonly samplesDeployed: boolean;
  /** All others that there are, in their order. */
  readonly files: readonly ArchivedFile[];
}

export interface ArchivedFile {
  /** Within the data directory, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export const ARCHIVE_FORMAT = 1;
export const MANIFEST_FILE = 'manifest.json';
export const QUEUE_FILE = 'queue/queue.mdb';
const QUEUES: readonly unknown[] = ['lmdb', 'nats', 'none'];

/** Throws `invalid-request` what is none; `unsupported` one of a newer version. */
export function parseManifest(text: string, release: string): ArchiveManifest {
  let manifest: Partial<ArchiveManifest> | null;
  try {
    manifest = JSON.parse(text) as Partial<ArchiveManifest> | null;
  } catch {
    throw damaged(`${MANIFEST_FILE} is not JSON`);
  }
  const { format, layout, madeAt, queue, samplesDeployed, files } = manifest ?? {};
  if (typeof format !== 'number' || typeof layout !== 'number') throw damaged(`${MANIFEST_FILE} says no version`);
  if (format > ARCHIVE_FORMAT) {
    throw new ShoalError('unsupported', `the back-up was made by Shoal ${manifest?.release} in format ${format}, and this is Shoal ${release}, which knows formats up to ${ARCHIVE_FORMAT}: nothing was changed; use that version or a newer one`);
  }
  const isWhole = typeof manifest?.release === 'string' && typeof madeAt === 'string' && typeof samplesDeployed === 'boolean' && QUEUES.includes(queue) && Array.isArray(files) && files.every(isFile);
  if (!isWhole) throw damaged(`${MANIFEST_FILE} is incomplete`);
  return manifest as ArchiveManifest;
}

/** What a back-up that cannot be used is refused with. */
export function damaged(problem: string): ShoalError {
  return new ShoalError('invalid-request', `the back-up is damaged (${problem}): nothing was changed; use another one`);
}

function isFile(file: unknown): boolean {
  const { path, bytes, sha256 } = (file ?? {}) as Partial<ArchivedFile>;
  return typeof path === 'string' && typeof bytes === 'number' && typeof sha256 === 'string';
}
