import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WatchdogProcess, WATCHDOGS } from './watchdog-process';

describe.each(WATCHDOGS)('the watchdog in static mode, %s', (_runtime, program) => {
  let watchdog: WatchdogProcess;

  beforeAll(async () => {
    watchdog = await WatchdogProcess.start(program, { mode: 'static', static_path: 'FOLDER', max_inflight: '100' }, { 'index.html': '<h1>home</h1>', 'a b.txt': '0123456789', 'data.json': '{}' });
    mkdirSync(join(watchdog.folder, 'sub'));
    writeFileSync(join(watchdog.folder, 'sub/index.html'), 'sub');
    writeFileSync(join(watchdog.folder, 'large'), Buffer.alloc(5_000_000, 'x'));
  });
  afterAll(() => watchdog.dispose());

  it.each([
    ['/', 200, 'text/html; charset=utf-8', '<h1>home</h1>'],
    ['/?query', 200, 'text/html; charset=utf-8', '<h1>home</h1>'],
    ['/a%20b.txt', 200, 'text/plain; charset=utf-8', '0123456789'],
    ['/data.json', 200, 'application/json; charset=utf-8', '{}'],
    ['/sub/', 200, 'text/html; charset=utf-8', 'sub'],
  ])('serves %s', async (path, status, type, text) => {
    expect(await watchdog.call(path)).toMatchObject({ status, text, headers: { 'content-type': type } });
  });

  it('sends a folder without its slash there', async () => {
    expect(await watchdog.call('/sub')).toMatchObject({ status: 301, headers: { location: '/sub/' } });
  });

  it.each(['/missing', '/..%2f..%2f..%2fetc/passwd', '/../../../etc/passwd', '/%00', '/%E0%A4%A'])('has nothing at %s', async (path) => {
    const { status, text } = await watchdog.call(path);
    expect([400, 403, 404]).toContain(status);
    expect(text).not.toContain('root:');
  });

  it('sends part of a file, and nothing of one that has not changed', async () => {
    const whole = await watchdog.call('/a%20b.txt');
    expect(await watchdog.call('/a%20b.txt', { headers: { Range: 'bytes=2-4' } })).toMatchObject({ status: 206, text: '234', headers: { 'content-range': 'bytes 2-4/10' } });
    expect(await watchdog.call('/a%20b.txt', { headers: { 'If-None-Match': whole.headers['etag'] } })).toMatchObject({ status: 304, text: '' });
  });

  it('answers HEAD with the length', async () => {
    expect(await watchdog.call('/a%20b.txt', { method: 'HEAD' })).toMatchObject({ status: 200, text: '', headers: { 'content-length': '10' } });
  });

  it('refuses other methods', async () => {
    expect(await watchdog.call('/', { body: 'x' })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it('sends a large file whole', async () => {
    expect((await watchdog.call('/large')).text.length).toBe(5_000_000);
  });

  it('is ready, and writes a line for each call', async () => {
    expect((await watchdog.call('/_/ready')).status).toBe(200);
    await watchdog.call('/data.json');
    await watchdog.until(() => / GET \/data\.json - 200 - ContentLength: 2B \(/.test(watchdog.output));
  });
});
