import { access, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { SecretStore } from '@shoal/domain/secrets/secret-store';
import { ShoalError } from '@shoal/domain/shared/errors';
import writeFileAtomic from 'write-file-atomic';
import { OneAtATime } from '@shoal/domain/shared/one-at-a-time';
import { reading, writing } from './file-problem';
import { makeFolders } from './make-folders';

/** Tells a secret's file from one that is still being written. */
const ENDING = '.secret';

export function secretFile(folder: string, namespace: string, name: string): string {
  return join(folder, namespace, name + ENDING);
}

/** One file a secret, which only the owner can read. Rejects with `backend-unavailable` when the disk does not do as it is told. */
export class LocalSecretStore implements SecretStore {
  /** Checks and writes must not interleave. */
  private readonly writes = new OneAtATime();

  constructor(private readonly folder: string) {}

  async list(namespace: string): Promise<readonly string[]> {
    const folder = join(this.folder, namespace);
    const files = await reading(folder, () =>
      readdir(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      }),
    );
    return files.filter((file) => file.endsWith(ENDING)).map((file) => file.slice(0, -ENDING.length)).sort();
  }

  create(namespace: string, name: string, value: Uint8Array): Promise<void> {
    return this.writes.run(async () => {
      if (await this.exists(namespace, name)) throw new ShoalError('already-exists', `secret ${name} exists already`);
      await this.write(namespace, name, value);
    });
  }

  update(namespace: string, name: string, value: Uint8Array): Promise<void> {
    return this.writes.run(async () => {
      await this.require(namespace, name);
      await this.write(namespace, name, value);
    });
  }

  remove(namespace: string, name: string): Promise<void> {
    return this.writes.run(async () => {
      await this.require(namespace, name);
      const file = secretFile(this.folder, namespace, name);
      await writing(file, () => rm(file, { force: true }));
      // It was the last one of its namespace, or there are others.
      await rmdir(join(this.folder, namespace)).catch(() => undefined);
    });
  }

  private async write(namespace: string, name: string, value: Uint8Array): Promise<void> {
    const file = secretFile(this.folder, namespace, name);
    await writing(file, async () => {
      await makeFolders(dirname(this.folder), basename(this.folder), namespace);
      await writeFileAtomic(file, Buffer.from(value), { mode: 0o600 });
    });
  }

  private async require(namespace: string, name: string): Promise<void> {
    if (!(await this.exists(namespace, name))) throw new ShoalError('secret-not-found', `secret ${name} does not exist`);
  }

  private async exists(namespace: string, name: string): Promise<boolean> {
    return access(secretFile(this.folder, namespace, name)).then(
      () => true,
      () => false,
    );
  }
}
