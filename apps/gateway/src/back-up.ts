import { rmSync } from 'node:fs';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { writeArchive } from '@shoal/adapters/local/data-directory/write-archive';
import { writing } from '@shoal/adapters/local/file-problem';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { Queue } from './asynchronous';
import type { Config } from './config';
import type { DataDirectory } from './data-directory';
import { version } from './version';

/** Where the copy of the queue lies until somebody reads it; what a gateway that was killed has left there is removed. */
const FOLDER = 'back-up';

interface BackUpNeeds {
  readonly config: Pick<Config, 'provider' | 'queue'>;
  readonly data: DataDirectory | undefined;
  readonly queue: Queue | undefined;
}

/**
 * What makes back-ups, one at a time: an archive of the data directory, with a copy of the queue as it was at the call.
 *
 * Rejects with `unsupported` where functions are not of this machine, with `over-capacity` while another one is being made,
 * with `queue-full` when the disk has no room for the copy, and with `backend-unavailable` when nothing can be written at all.
 */
export function createBackUps({ config, data, queue }: BackUpNeeds): () => Promise<Readable> {
  const folder = data && join(data.path, FOLDER);
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  let making = false;
  return async () => {
    if (config.provider !== 'local' || folder === undefined) {
      throw new ShoalError('unsupported', 'a swarm keeps functions and secrets itself, and NATS the queue: docs/backup.md says how to back them up');
    }
    if (making) throw new ShoalError('over-capacity', 'another back-up is being made: try again when it has ended', { retryAfterSeconds: 10 });
    making = true;
    let queueCopy: FileHandle | undefined;
    try {
      queueCopy = await copyOf(queue, folder);
      const archive = await writeArchive({
        home: data!.path,
        release: version.release,
        madeAt: new Date(),
        queue: config.queue.kind,
        queueCopy,
        samplesDeployed: data!.samplesDeployed,
        warn: (text) => console.warn(text),
      });
      finished(archive).catch(() => undefined).finally(() => (making = false));
      return archive;
    } catch (error) {
      making = false;
      await queueCopy?.close();
      throw error;
    }
  };
}

/** Open, and without a name: it is gone when it is closed, and when this process is. */
async function copyOf(queue: Queue | undefined, folder: string): Promise<FileHandle | undefined> {
  if (!queue?.copyTo) return undefined;
  await rm(folder, { recursive: true, force: true });
  await writing(folder, () => mkdir(folder, { mode: 0o700 }));
  try {
    const file = join(folder, 'queue.mdb');
    await queue.copyTo(file);
    return await open(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
