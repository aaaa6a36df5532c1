import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { fastify, type FastifyInstance } from 'fastify';
import { Authenticator } from './authenticate';
import { servePortal } from './portal';
import { Sessions } from './sessions';

describe('servePortal()', () => {
  const portalFolder = mkdtempSync(join(tmpdir(), 'shoal-portal-'));
  let server: FastifyInstance;

  beforeAll(async () => {
    mkdirSync(join(portalFolder, 'assets'));
    writeFileSync(join(portalFolder, 'index.html'), '<title>page</title>');
    writeFileSync(join(portalFolder, 'logo-carefully.svg'), '<svg/>');
    for (const name of ['main-Ab3_-x9Z.js', 'main.js']) writeFileSync(join(portalFolder, 'assets', name), 'run()');
    writeFileSync(join(portalFolder, 'assets/main-Ab3_-x9Z.js.gz'), gzipSync('run()'));
    server = fastify({ routerOptions: { ignoreTrailingSlash: true } });
    const sessions = new Sessions(new FakeClock());
    await servePortal(server, { portalFolder, sessions, authenticator: new Authenticator(undefined, sessions) });
    await server.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(async () => {
    await server.close();
    rmSync(portalFolder, { recursive: true });
  });

  const get = (path: string, encoding = 'identity') =>
    fetch(`http://127.0.0.1:${(server.server.address() as AddressInfo).port}${path}`, { redirect: 'manual', headers: { 'Accept-Encoding': encoding } });

  it.each([
    ['/ui/assets/main-Ab3_-x9Z.js', 'public, max-age=31536000, immutable'],
    ['/ui/assets/main.js', 'no-cache'],
    ['/ui/logo-carefully.svg', 'no-cache'],
    ['/ui/', 'no-store'],
  ])('lets browsers keep %s: %s', async (path, control) => {
    expect((await get(path)).headers.get('cache-control')).toBe(control);
  });

  it('sends a file compressed, where there is one that is and the browser takes it', async () => {
    const read = async (path: string, encoding?: string) => {
      const answer = await get(path, encoding);
      return { text: await answer.text(), ...Object.fromEntries(answer.headers) };
    };
    const compressed = await read('/ui/assets/main-Ab3_-x9Z.js', 'gzip');
    expect(compressed).toMatchObject({ text: 'run()', 'content-encoding': 'gzip', 'content-type': expect.stringContaining('javascript'), 'cache-control': expect.stringContaining('immutable'), vary: 'accept-encoding' });
    for (const answer of [await read('/ui/assets/main-Ab3_-x9Z.js'), await read('/ui/assets/main.js', 'gzip')]) {
      expect(answer.text).toBe('run()');
      expect(answer).not.toHaveProperty('content-encoding');
    }
  });

  it('has its page at the slash, and keeps the query on the way there', async () => {
    const { status, headers } = await get('/ui?next=/docs');
    expect([status, headers.get('location')]).toEqual([301, '/ui/?next=/docs']);
  });
});
