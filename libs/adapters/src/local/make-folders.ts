import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes folders one in the other, which only their owner may enter, where they are missing. Never makes `base` anew: what
 * would be written to a data directory that somebody has removed would be all that is in the next one. Rejects as `mkdir`.
 */
export async function makeFolders(base: string, ...names: readonly string[]): Promise<string> {
  let folder = base;
  for (const name of names) {
    folder = join(folder, name);
    await mkdir(folder, { mode: 0o700 }).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  return folder;
}
