import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Queue } from './asynchronous';
import { createBackUps } from './back-up';
import { DataDirectory } from './data-directory';

describe('createBackUps', () => {
  const home = mkdtempSync(join(tmpdir(), 'shoal-back-up-'));
  afterAll(() => rmSync(home, { recursive: true }));

  it('closes the copy of the queue when no archive can be made', async () => {
    writeFileSync(join(home, 'functions'), 'ought to be a folder');
    const queue = { copyTo: async (file: string) => writeFileSync(file, 'queue') } as unknown as Queue;
    const backUp = createBackUps({ config: { provider: 'local', queue: { kind: 'lmdb' } as never }, data: await DataDirectory.open(home), queue });
    const copies = () =>
      readdirSync('/proc/self/fd').flatMap((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(home) ? [fd] : [];
        } catch {
          return []; // It was the folder itself.
        }
      });
    for (let round = 0; round < 2; round++) await expect(backUp()).rejects.toMatchObject({ code: 'ENOTDIR' });
    expect(copies()).toEqual([]);
  });
});
