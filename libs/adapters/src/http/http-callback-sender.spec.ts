import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseHostRules } from './callback-rules';
import { HttpCallbackSender } from './http-callback-sender';

describe('HttpCallbackSender.send()', () => {
  let server: Server;
  let port: number;
  const got: { readonly url: string; readonly headers: object; readonly body: string }[] = [];

  beforeAll(async () => {
    server = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        got.push({ url: req.url!, headers: req.headers, body: Buffer.concat(chunks).toString() });
        if (req.url === '/cut') return req.socket.destroy();
        res.writeHead(req.url === '/moved' ? 302 : 200, { Location: '/elsewhere', 'Retry-After': '7' }).end('a body that nobody needs');
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  beforeEach(() => void got.splice(0));
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  const send = (url: string, { allow = '', deny = '' } = {}) =>
    new HttpCallbackSender({ allow: parseHostRules(allow)!, deny: parseHostRules(deny)! }).send({ url, headers: ['X-Own', 'a'], body: new Uint8Array([104, 105]) });

  it('posts to whom it may, as it is told, and gives the head of the answer', async () => {
    const answer = await send(`http://me:se%20cret@localhost:${port}/a%2Fb?c=d`, { allow: 'localhost' });
    expect(answer.status).toBe(200);
    expect(answer.headers.join(' ')).toContain('Retry-After 7');
    expect(answer.body).toBeUndefined();
    expect(got).toMatchObject([{ url: '/a%2Fb?c=d', body: 'hi', headers: { 'x-own': 'a', 'content-length': '2', authorization: `Basic ${Buffer.from('me:se cret').toString('base64')}` } }]);
  });

  it.each(['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0x7f000001'])('connects to nobody behind %s unless that is allowed', async (host) => {
    await expect(send(`http://${host}:${port}/`)).rejects.toMatchObject({ code: 'forbidden' });
    expect(got).toEqual([]);
  });

  it('denies what is denied although it is allowed', async () => {
    await expect(send(`http://localhost:${port}/`, { allow: 'localhost', deny: '127.0.0.0/8,::1' })).rejects.toMatchObject({ code: 'forbidden' });
    expect(got).toEqual([]);
  });

  it('does not follow a redirect', async () => {
    expect((await send(`http://127.0.0.1:${port}/moved`, { allow: '127.0.0.1' })).status).toBe(302);
    expect(got.map(({ url }) => url)).toEqual(['/moved']);
  });

  it('says when nobody is there, and when somebody breaks off', async () => {
    await expect(send('http://127.0.0.1:1/', { allow: '127.0.0.1' })).rejects.toMatchObject({ code: 'replica-unreachable' });
    await expect(send(`http://127.0.0.1:${port}/cut`, { allow: '127.0.0.1' })).rejects.toMatchObject({ code: 'replica-failed' });
    await expect(send('http://nobody.invalid/')).rejects.toMatchObject({ code: 'replica-unreachable' });
  });
});
