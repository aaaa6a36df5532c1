import { mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FunctionId, FunctionSpec } from '@shoal/domain/functions/function-spec';
import { messageOf } from '@shoal/domain/shared/errors';
import writeFileAtomic from 'write-file-atomic';

/** What of a function outlives the gateway. */
export interface StoredFunction {
  readonly spec: FunctionSpec;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly replicas: number;
}

const ENDING = '.json';

/** One file a function, replaced as a whole: after a crash it holds the old state or the new one. */
export class FunctionFiles {
  constructor(
    private readonly folder: string,
    private readonly warn: (text: string) => void,
  ) {}

  /** A file that cannot be read is left where it is, and warned of. */
  async load(): Promise<readonly StoredFunction[]> {
    const names = await readdir(this.folder, { recursive: true }).catch(() => []);
    const read = names.filter((name) => name.endsWith(ENDING)).map((name) => this.read(join(this.folder, name)));
    return (await Promise.all(read)).filter((stored) => stored !== undefined);
  }

  async save(stored: StoredFunction): Promise<void> {
    const file = this.fileOf(stored.spec.id);
    await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
    await writeFileAtomic(file, `${JSON.stringify(stored, undefined, 2)}\n`, { mode: 0o600 });
  }

  async remove(id: FunctionId): Promise<void> {
    await rm(this.fileOf(id), { force: true });
    // It was the last one of its namespace, or there are others.
    await rmdir(join(this.folder, id.namespace)).catch(() => undefined);
  }

  private fileOf({ name, namespace }: FunctionId): string {
    return join(this.folder, namespace, name + ENDING);
  }

  private async read(file: string): Promise<StoredFunction | undefined> {
    try {
      const stored = JSON.parse(await readFile(file, 'utf8')) as StoredFunction;
      if (typeof stored.spec?.id?.name !== 'string' || typeof stored.replicas !== 'number') throw new Error('it is incomplete');
      return stored;
    } catch (error) {
      this.warn(`${file} is left out: ${messageOf(error)}`);
      return undefined;
    }
  }
}
