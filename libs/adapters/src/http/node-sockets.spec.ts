import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeSockets } from './node-sockets';

describe('NodeSockets.connectPath()', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'shoal-sockets-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('waits for room where too many connections wait to be taken', async () => {
    const path = join(folder, 'it.sock');
    const taken: Socket[] = [];
    const server = createServer((socket) => void taken.push(socket));
    await new Promise<void>((resolve) => server.listen({ path, backlog: 1 }, resolve));
    // All are begun before this process can take the first.
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => new NodeSockets().connectPath(path, 10_000)));
    server.close();
    for (const result of results) if (result.status === 'fulfilled') result.value.destroy();
    for (const socket of taken) socket.destroy();
    expect(results.map(({ status }) => status)).toEqual(Array(20).fill('fulfilled'));
  });

  it('rejects at once where nobody listens', async () => {
    await expect(new NodeSockets().connectPath(join(folder, 'none.sock'), 10_000)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
