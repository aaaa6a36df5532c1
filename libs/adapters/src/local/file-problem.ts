import { ShoalError } from '@shoal/domain/shared/errors';

/** What to do about a file or a folder that cannot be written, by the system's code; `undefined` for one that says nothing of that. */
export function adviceFor(code: string | undefined): string | undefined {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'its disk is full; make room there';
    case 'EROFS':
      return 'its disk is mounted read-only; mount it for writing';
    case 'EACCES':
    case 'EPERM':
      return 'it belongs to another user; start the gateway as that one, or give it to this one';
    case 'EISDIR':
    case 'ENOTEMPTY':
    case 'ERR_FS_EISDIR':
      return 'it is a folder, and ought to be a file; move it away';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'one of its folders is a file; move that away';
    case 'ENOENT':
      return 'its folder was removed; stop the gateway, put the data directory back or restore a back-up, and start it';
    case 'EIO':
      return 'its disk fails; look at the log of the system';
    default:
      return undefined;
  }
}

/** Turns what the system rejects a write with into `backend-unavailable`, whose message names the file and what to do. */
export async function writing<T>(file: string, action: () => Promise<T>): Promise<T> {
  return action().catch((error: unknown) => {
    throw problemOf(file, 'written', error);
  });
}

/** The same of a read. */
export async function reading<T>(file: string, action: () => Promise<T>): Promise<T> {
  return action().catch((error: unknown) => {
    throw problemOf(file, 'read', error);
  });
}

function problemOf(file: string, what: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || error instanceof ShoalError) return error;
  const advice = adviceFor(code);
  return new ShoalError('backend-unavailable', `${file} cannot be ${what} (${code})${advice === undefined ? '' : `: ${advice}`}`, {}, { cause: error });
}
