import { messageOf, ShoalError } from '@shoal/domain/shared/errors';
import { statfs } from 'node:fs/promises';

/** Full for all purposes: a file system need not give out its last blocks, and none writes half a page. */
const FULL_BYTES = 1024 * 1024;
const ENOSPC = 28;
const EIO = 5;
const MDB_MAP_FULL = -30792;
/** A transaction that some write before has spoiled. */
const MDB_BAD_TXN = -30782;

/** What lmdb rejects with when a commit has failed. */
interface CommitFailure {
  /** Rejects with the reason, perhaps later. */
  readonly commitError: Promise<never>;
}

/** `queue-full` when the disk of `folder` has no room, else `backend-unavailable`. Errors of ours stay as they are. */
export async function toStoreError(error: unknown, folder: string): Promise<ShoalError> {
  if (error instanceof ShoalError) return error;
  const cause = await reasonOf(error);
  const options = { cause };
  if (await isFull(cause, folder)) return new ShoalError('queue-full', `no room on the disk for the queue in ${folder}`, {}, options);
  return new ShoalError('backend-unavailable', `the queue in ${folder}: ${messageOf(cause)}`, {}, options);
}

async function reasonOf(error: unknown): Promise<unknown> {
  if (!isCommitFailure(error)) return error;
  return error.commitError.catch((reason: unknown) => reason);
}

function isCommitFailure(error: unknown): error is CommitFailure {
  return typeof error === 'object' && error !== null && 'commitError' in error;
}

async function isFull(cause: unknown, folder: string): Promise<boolean> {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  if (code === ENOSPC || code === MDB_MAP_FULL) return true;
  // The write that fills a disk is only cut short, which LMDB calls an I/O error.
  if (code !== EIO && code !== MDB_BAD_TXN) return false;
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < FULL_BYTES;
}
