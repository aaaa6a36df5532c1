import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What a killed process has left: nobody builds for that long. */
const STALE_MS = 24 * 60 * 60 * 1_000;

/**
 * Makes the folder `target` anew: `fill` gets an empty folder beside it, which takes its place when all is done. When `fill`
 * rejects, so does this, and nothing has changed.
 */
export async function replaceFolder(target: string, mode: number, fill: (folder: string) => Promise<void>): Promise<void> {
  const { folder, discard } = await makeBeside(target, mode);
  try {
    await fill(folder);
    const old = `${folder}-old`;
    const hadOld = await rename(target, old).then(() => true, () => false);
    await rename(folder, target);
    if (hadOld) await rm(old, { recursive: true, force: true });
  } catch (error) {
    await discard();
    throw error;
  }
}

/** An empty folder beside `target` for what is to become it, and the way to be rid of it. */
export async function makeBeside(target: string, mode: number): Promise<{ folder: string; discard: () => Promise<void> }> {
  const parent = dirname(target);
  const prefix = `.making-${basename(target)}-`;
  await mkdir(parent, { recursive: true });
  await removeStale(parent, prefix);
  const folder = join(parent, prefix + randomBytes(6).toString('hex'));
  await mkdir(folder);
  // Not by mkdir, which the umask has a say in.
  await chmod(folder, mode);
  return { folder, discard: () => rm(folder, { recursive: true, force: true }) };
}

async function removeStale(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const found = await stat(join(parent, name)).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > STALE_MS) await rm(join(parent, name), { recursive: true, force: true });
  }
}
