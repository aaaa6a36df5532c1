import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { beginningOf, GatewayClient, type GatewayClientOptions } from './gateway-client';

describe('GatewayClient', () => {
  let server: Server;
  let listener: RequestListener;
  const clientOf = (options: Partial<GatewayClientOptions> = {}) =>
    new GatewayClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, authorization: 'Basic eDp5', timeoutMs: 5_000, verifyTls: true, userAgent: 'shoal/test', signal: new AbortController().signal, ...options });
  const answer = (status: number, body = '') => (listener = (_, reply) => void reply.writeHead(status).end(body));

  beforeEach(async () => {
    server = createServer((request, reply) => listener(request, reply));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it.each([
    [400, 'usage'],
    [401, 'unauthorized'],
    [404, 'notFound'],
    [409, 'conflict'],
    [504, 'timeout'],
    [500, 'failed'],
    [302, 'failed'],
  ])('ask() rejects %d with %s', async (status, reason) => {
    answer(status, ' what is wrong \n');
    await expect(clientOf().ask('GET', '/')).rejects.toMatchObject({ reason, message: status === 401 ? expect.stringContaining('does not accept') : 'what is wrong' });
  });

  it('says what to do: about a login, and as who asks has hinted', async () => {
    answer(401);
    await expect(clientOf({ authorization: undefined }).ask('GET', '/')).rejects.toMatchObject({ message: expect.stringContaining('wants a user'), hint: expect.stringContaining('shoal login --gateway http://127') });
    answer(404);
    await expect(clientOf().ask('GET', '/', { hints: { notFound: 'look there', conflict: 'not this' } })).rejects.toMatchObject({ message: 'the gateway answered 404', hint: 'look there' });
  });

  it('cuts what a refusal says when it is long', async () => {
    answer(500, 'x'.repeat(1_000_000));
    const refused: unknown = await clientOf().ask('GET', '/').catch((error: unknown) => error);
    expect((refused as Error).message.length).toBeLessThan(70_000);
  });

  it('sends credentials, query and body, but none of the first when it is to be anonymous', async () => {
    const seen: IncomingMessage[] = [];
    const bodies: string[] = [];
    listener = (request, reply) => {
      seen.push(request);
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
        bodies.push(body);
        reply.end('{"a":1}');
      });
    };
    const client = clientOf();
    expect(await client.json('POST', '/x', { query: { a: 'ä &', b: undefined }, body: { c: 1 } })).toEqual({ a: 1 });
    await client.json('PUT', '/y', { body: Readable.from(['streamed']), anonymous: true });
    expect(seen.map(({ method, url, headers }) => [method, url, headers.authorization, headers['content-type'], headers['user-agent']])).toEqual([
      ['POST', '/x?a=%C3%A4+%26', 'Basic eDp5', 'application/json', 'shoal/test'],
      ['PUT', '/y', undefined, undefined, 'shoal/test'],
    ]);
    expect(bodies).toEqual(['{"c":1}', 'streamed']);
  });

  it('json() rejects what is no JSON', async () => {
    answer(200, '<html>');
    await expect(clientOf().json('GET', '/x')).rejects.toMatchObject({ reason: 'failed', message: expect.stringContaining('/x does not answer as a gateway does') });
  });

  it('rejects an answer that does not begin in time, and one that nobody gives', async () => {
    listener = () => undefined;
    await expect(clientOf({ timeoutMs: 30 }).ask('GET', '/')).rejects.toMatchObject({ reason: 'timeout', message: expect.stringContaining('within 0.03 s') });
    await expect(clientOf({ url: 'http://127.0.0.1:1' }).ask('GET', '/')).rejects.toMatchObject({ reason: 'unreachable', message: expect.stringContaining('nothing listens there') });
    listener = (request) => request.socket.destroy();
    await expect(clientOf().ask('GET', '/')).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('breaks off when it is told to', async () => {
    const stop = new AbortController();
    listener = () => stop.abort();
    await expect(clientOf({ signal: stop.signal }).ask('GET', '/')).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('beginningOf() reads no more than it shows', async () => {
    listener = (_, reply) => {
      reply.write('0123456789');
    };
    expect(await beginningOf(await clientOf().send('GET', '/'), 4)).toBe('0123 ...');
  });
});
