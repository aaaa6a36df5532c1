import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { buildRemotely, readPayloadSecret, type RemoteBuild } from './remote-builder';

let folder: string;
let server: Server;
let answer: { status: number; text: string };
let seen: { headers: IncomingHttpHeaders; body: Buffer };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-remote-'));
  mkdirSync(join(folder, 'function'));
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch');
  writeFileSync(join(folder, 'function/run.sh'), 'x'.repeat(100_000), { mode: 0o755 });
  answer = { status: 200, text: '{"log":["one","two"],"image":"hello:1","status":"success"}' };
  server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      seen = { headers: req.headers, body: Buffer.concat(chunks) };
      res.writeHead(answer.status).end(answer.text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const build = (): RemoteBuild => ({ name: 'hello', image: 'hello:1', folder, buildArgs: { A: 'b' }, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/build`, secret: 's3cret' });

async function untar(tar: Buffer): Promise<Record<string, { mode: number; text: string }>> {
  const files: Record<string, { mode: number; text: string }> = {};
  const reader = extract();
  reader.on('entry', ({ name, mode }, stream, next) => {
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    stream.on('end', () => {
      files[name] = { mode: mode!, text };
      next();
    });
  });
  await new Promise((resolve, reject) => Readable.from([tar]).pipe(reader).on('finish', resolve).on('error', reject));
  return files;
}

describe('buildRemotely()', () => {
  it('sends a signed tar of the build and what is to become of it', async () => {
    const heard: string[] = [];
    await buildRemotely({ ...build(), report: (text) => heard.push(text) });
    expect(heard.join('')).toBe('one\ntwo\n');
    expect(seen.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-length': String(seen.body.length), 'x-build-signature': `sha256=${createHmac('sha256', 's3cret').update(seen.body).digest('hex')}` });
    expect(await untar(seen.body)).toEqual({
      'com.openfaas.docker.config': { mode: 0o644, text: '{"image":"hello:1","buildArgs":{"A":"b"}}' },
      'context/Dockerfile': { mode: expect.any(Number), text: 'FROM scratch' },
      'context/function/run.sh': { mode: 0o755, text: 'x'.repeat(100_000) },
    });
  });

  it.each([
    [400, '{"log":["wrong"],"status":"failure"}', 'build', 'answered 400\nwrong'],
    [500, 'no JSON', 'build', 'answered 500\nno JSON'],
    [401, '', 'unauthorized', 'does not take our signature'],
  ])('rejects what the builder answers with %d', async (status, text, reason, message) => {
    answer = { status, text };
    await expect(buildRemotely(build())).rejects.toMatchObject({ reason, message: expect.stringContaining(message) });
  });

  it('rejects with unreachable when nobody is there, and with the reason of its signal', async () => {
    const gone = build();
    await new Promise((resolve) => server.close(resolve));
    await expect(buildRemotely(gone)).rejects.toMatchObject({ reason: 'unreachable' });
    await expect(buildRemotely({ ...gone, signal: AbortSignal.abort(new Error('interrupted')) })).rejects.toThrow('interrupted');
  });
});

describe('readPayloadSecret()', () => {
  it('reads a file without the white space around it, and refuses an empty one', async () => {
    writeFileSync(join(folder, 'secret'), ' s3cret\n');
    expect(await readPayloadSecret(join(folder, 'secret'))).toBe('s3cret');
    writeFileSync(join(folder, 'secret'), '\n');
    await expect(readPayloadSecret(join(folder, 'secret'))).rejects.toMatchObject({ reason: 'usage' });
    await expect(readPayloadSecret(join(folder, 'nowhere'))).rejects.toMatchObject({ reason: 'usage' });
  });
});
