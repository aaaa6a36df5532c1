import { lstat, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { functionKey, type FunctionId } from '@shoal/domain/functions/function-spec';
import { messageOf } from '@shoal/domain/shared/errors';
import writeFileAtomic from 'write-file-atomic';
import { reading, writing } from './file-problem';
import { makeFolders } from './make-folders';
import { parseStoredFunction, type StoredFunction } from './stored-function';

const FOLDER = 'functions';
const ENDING = '.json';

/**
 * One file a function, replaced as a whole: after a crash it holds the old state or the new one. Rejects with
 * `backend-unavailable`, naming the file, when the disk does not do as it is told.
 */
export class FunctionFiles {
  private readonly folder: string;

  /** @param home the data directory. @param warn told of a file that is left out. */
  constructor(
    private readonly home: string,
    private readonly warn: (text: string) => void,
  ) {
    this.folder = join(home, FOLDER);
  }

  /** A file that cannot be used is left where it is, and warned of: the others are no worse for it. */
  async load(): Promise<readonly StoredFunction[]> {
    const names = await reading(this.folder, () =>
      readdir(this.folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      }),
    );
    const read = names.filter((name) => name.endsWith(ENDING)).map((name) => this.read(join(this.folder, name)));
    return (await Promise.all(read)).filter((stored) => stored !== undefined);
  }

  async save(stored: StoredFunction): Promise<void> {
    const { id } = stored.spec;
    const file = this.fileOf(id);
    await writing(file, async () => {
      await makeFolders(this.home, FOLDER, id.namespace);
      await writeFileAtomic(file, `${JSON.stringify(stored, undefined, 2)}\n`, { mode: 0o600 });
    });
  }

  async remove(id: FunctionId): Promise<void> {
    const file = this.fileOf(id);
    await writing(file, () => rm(file, { force: true }));
    // It was the last one of its namespace, or there are others.
    await rmdir(join(this.folder, id.namespace)).catch(() => undefined);
  }

  /** Whether there is a file of that function, be it one that cannot be used, or a link to none. Rejects when nobody can tell. */
  async has(key: string): Promise<boolean> {
    const [name = '', namespace = ''] = key.split('.');
    const file = this.fileOf({ name, namespace });
    return reading(file, () =>
      lstat(file).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return false;
          throw error;
        },
      ),
    );
  }

  private fileOf({ name, namespace }: FunctionId): string {
    return join(this.folder, namespace, name + ENDING);
  }

  private async read(file: string): Promise<StoredFunction | undefined> {
    try {
      const stored = parseStoredFunction(await readFile(file, 'utf8'));
      const { id } = stored.spec;
      // A copy under another name would be the same function twice.
      if (this.fileOf(id) !== file) throw new Error(`it describes ${functionKey(id)}, which has a file of its own`);
      return stored;
    } catch (error) {
      this.warn(`${file} is left out (${messageOf(error)}): its function does not run; mend the file and start again, or deploy the function anew`);
      return undefined;
    }
  }
}
