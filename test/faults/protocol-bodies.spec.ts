import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { ask, open } from '../e2e/ask';
import { GatewayProcess } from '../e2e/gateway-process';
import { ownMemoryBytes } from '../processes';
import { faultRow } from './fault-table';
import { RawUpstream } from './raw-upstream';

const MEGABYTE = 1024 * 1024;
const UNPACKED_BYTES = 256 * MEGABYTE;
/** Of the gateway, while bombs go through it: far less than one of them unpacked. */
const ALLOWED_GROWTH_BYTES = 120 * MEGABYTE;

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('a body that is packed', () => {
  const bomb = gzipSync(Buffer.alloc(UNPACKED_BYTES), { level: 9 });
  const packed = { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' };
  const bombs = { plain: bomb, twice: gzipSync(bomb), none: Buffer.from('not gzip at all') };
  let gateway: GatewayProcess;
  let upstream: RawUpstream;
  let before: number;

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    // Answers with the bytes that it was asked with.
    upstream = await RawUpstream.start((side) => ({
      request: ({ body, headers }) => {
        const coding = headers.find(([name]) => name === 'content-encoding')?.[1];
        side.write(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nX-Digest: ${digest(Buffer.from(body, 'latin1'))}\r\nContent-Length: ${body.length}\r\n\r\n`);
        side.write(body);
      },
    }));
    await upstream.deploy(gateway, 'packer');
    await gateway.deploy('sha', { envProcess: 'sha256sum' });
    before = ownMemoryBytes(gateway.pid);
  });
  afterAll(async () => {
    await gateway.dispose();
    upstream.stop();
  });

  it.each(Object.entries(bombs))('goes to a function and back as its bytes (%s)', async (_, body) => {
    const answer = await fetchBytes(`/function/packer`, body);
    expect(answer).toMatchObject({ status: 200, encoding: 'gzip', told: digest(body), bytes: digest(body) });
  });

  it.each(Object.entries(bombs))('goes to a command as its bytes (%s)', async (_, body) => {
    const { status, text } = await ask(gateway.url, 'POST', '/function/sha', { body, headers: packed });
    expect([status, text.slice(0, 64)]).toEqual([200, digest(body)]);
  });

  it.each(Object.entries(bombs))('is kept as its bytes in the queue, as a request and as an answer (%s)', async (_, body) => {
    const { status, headers } = await ask(gateway.url, 'POST', '/async-function/packer', { body, headers: packed });
    expect(status).toBe(202);
    const { text } = await ask(gateway.url, 'GET', `/async-function/calls/${String(headers['x-call-id'])}?wait=20s`);
    const { state, result } = JSON.parse(text) as { state: string; result: { body: string; encoding: 'utf8' | 'base64'; headers: Record<string, string[]> } };
    expect(state).toBe('succeeded');
    expect(result.headers['x-digest']).toEqual([digest(body)]);
    expect(digest(Buffer.from(result.body, result.encoding))).toBe(digest(body));
  });

  it.each(['/system/functions', '/system/secrets', '/system/alert', '/system/scale-function/packer', '/'])('is not unpacked by the gateway either: POST %s', async (path) => {
    const { status } = await ask(gateway.url, 'POST', path, { body: bombs.twice, headers: packed });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });

  it('has cost no more memory than its bytes', () => {
    const grown = ownMemoryBytes(gateway.pid) - before;
    expect(grown).toBeLessThan(ALLOWED_GROWTH_BYTES);
    faultRow({ area: 'protocol', done: `gzip of ${UNPACKED_BYTES / MEGABYTE} MiB in ${Math.round(bomb.length / 1024)} KiB, once and twice packed: to functions, commands, the queue and the API, and back`, times: '14 requests', lost: 'nothing', seen: `the same bytes on both sides, also in what the queue keeps; the gateway grew by ${Math.max(0, Math.round(grown / MEGABYTE))} MiB` });
  });

  async function fetchBytes(path: string, body: Buffer) {
    const answer = await open(gateway.url, 'POST', path, { body, headers: packed });
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    return { status: answer.statusCode, encoding: answer.headers['content-encoding'], told: answer.headers['x-digest'], bytes: digest(Buffer.concat(chunks)) };
  }
});
