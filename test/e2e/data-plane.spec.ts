import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { rmSync } from 'node:fs';
import request from 'supertest';
import { WebSocket } from 'ws';
import { GatewayProcess } from './gateway-process';
import { webBundle } from './web-bundle';

const bundle = webBundle({
  '/slow': "(req, res) => { res.write('first'); setTimeout(() => res.end('last'), 700); }",
  '/events': "(req, res) => { res.writeHead(200, { 'Content-Type': 'text/event-stream' }); res.write('data: 1\\n\\n'); req.on('close', () => console.log('events closed')); }",
  '/trailers': "(req, res) => { res.writeHead(200, { Trailer: 'X-End' }); res.write('body'); res.addTrailers({ 'X-End': 'yes' }); res.end(); }",
  '/hop': "(req, res) => { res.writeHead(200, { Connection: 'X-Private', 'X-Private': '1', 'X-Kept': '1' }); res.end('x'); }",
  '/cookies': "(req, res) => { res.setHeader('Set-Cookie', ['a=1', 'b=2']); res.end(); }",
  '/204': '(req, res) => { res.statusCode = 204; res.end(); }',
  '/304': "(req, res) => { res.writeHead(304, { ETag: '\"x\"' }); res.end(); }",
  '/302': "(req, res) => { res.writeHead(302, { Location: 'http://elsewhere.invalid/' }); res.end(); }",
  '/early': "(req, res) => { res.statusCode = 403; res.end('no'); }",
  '/die': "(req, res) => { res.writeHead(200); res.write('half'); setTimeout(() => process.exit(3), 50); }",
  '/fake': "(req, res) => { res.setHeader('X-Shoal-Error', 'internal'); res.setHeader('X-Call-Id', 'mine'); res.end(); }",
  '/hang': '() => undefined',
});

/** Sends raw bytes, and returns all that comes back until the other side closes. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(text, 'latin1');
  await once(socket, 'close');
  return answer;
}

/** With `Connection: close`, so that `raw` ends. */
const simple = (target: string, ...headers: string[]) => `GET ${target} HTTP/1.1\r\n${['Host: shoal', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`;
const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4);

describe('calls', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ upstream_timeout: '2s', write_timeout: '5s' });
    await gateway.deploy('web', { image: bundle });
    await gateway.deploy('cat', { envProcess: 'cat' });
    await gateway.deploy('env', { envProcess: 'env' });
    await gateway.deploy('nap', { envProcess: 'sleep 600' });
    await gateway.deploy('limited', { envProcess: 'sleep 600', envVars: { exec_timeout: '500ms' } });
    await gateway.deploy('hostname-intent', { envProcess: 'cat' });
  });
  afterAll(async () => {
    await gateway.dispose();
    rmSync(bundle, { recursive: true });
  });

  const call = (method: string, path: string, headers: Record<string, string> = {}) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest(`${gateway.url}${path}`, { method, headers, agent: false }, resolve).on('error', reject).end();
    });
  const seen = async (answer: request.Test) => JSON.parse((await answer.expect(200)).text) as { method: string; url: string; headers: Record<string, string>; body: string };

  describe('reach the function', () => {
    it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'REPORT'])('by %s', async (method) => {
      const answer = await call(method, '/function/web/x');
      let body = '';
      for await (const chunk of answer) body += chunk;
      expect(JSON.parse(body)).toMatchObject({ method, url: '/x' });
    });

    it.each(['/', '/a%2Fb', '/a%20b', '//a', '/a/../b', '/.', '/%25zz', '/a;b=c', '/?', '/?x=%20&&=', '?q'])('with the path and query %j byte for byte', async (rest) => {
      const { url } = JSON.parse(bodyOf(await raw(gateway.port, simple(`/function/web${rest}`)))) as { url: string };
      expect(url).toBe(rest.startsWith('/') ? rest : `/${rest}`);
    });

    it('by X-Function, with a namespace or without', async () => {
      await expect(seen(request(gateway.url).post('/?a=b').set('X-Function', 'web').send('x'))).resolves.toMatchObject({ method: 'POST', url: '/?a=b', body: 'x' });
      await expect(seen(request(gateway.url).post('/').set('X-Function', 'web.openfaas-fn'))).resolves.toMatchObject({ url: '/' });
    });

    it("by an Alexa request's intent, with its body", async () => {
      const body = { session: { sessionId: 's' }, request: { type: 'IntentRequest', intent: { name: 'HostnameIntent' } } };
      await request(gateway.url).post('/').send(body).expect(200, body);
    });

    it.each([
      ['neither', {}, {}],
      ['a request of Alexa without an intent', {}, { session: { sessionId: 's' }, request: { type: 'LaunchRequest' } }],
      ['a name that is none', { 'X-Function': '../x' }, {}],
    ])('but not by %s', async (_name, headers, body) => {
      const answer = await request(gateway.url).post('/').set(headers).send(body).expect(400);
      expect(answer.headers['x-shoal-error']).toBe('invalid-request');
    });

    it('with the headers that identify and limit the call, and without those of the connection', async () => {
      const { headers } = await seen(request(gateway.url).get('/function/web').set({ Connection: 'X-Private', 'X-Private': '1', TE: 'trailers', 'X-Mine': '1', Authorization: 'Bearer mine' }));
      expect(headers).toMatchObject({ 'x-mine': '1', authorization: 'Bearer mine', 'x-call-id': expect.stringMatching(/^[0-9a-f-]{36}$/), 'x-start-time': expect.stringMatching(/^\d{19}$/) });
      expect(headers).toMatchObject({ 'x-forwarded-for': expect.stringMatching(/^127\.0\.0\.1:\d+$/), 'x-forwarded-host': `127.0.0.1:${gateway.port}` });
      expect(headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(headers).not.toHaveProperty('x-private');
      expect(headers).not.toHaveProperty('te');
    });

    it('with bodies of fixed length and chunked', async () => {
      await request(gateway.url).post('/function/cat').send('fixed').expect('fixed');
      const chunked = 'POST /function/cat HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n';
      expect(bodyOf(await raw(gateway.port, chunked))).toBe('abcde');
    });

    it('over a WebSocket', async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/function/web/socket`);
      await once(socket, 'open');
      socket.send('hello');
      const [text] = (await once(socket, 'message')) as [Buffer];
      expect(text.toString()).toBe('echo hello');
      socket.close();
      await once(socket, 'close');
    });
  });

  describe('bring back', () => {
    it("the caller's own call id, if it is fit to be one", async () => {
      const id = async (given: string) => (await request(gateway.url).get('/function/env').set('X-Call-Id', given)).headers['x-call-id'];
      await expect(id('my-call.1')).resolves.toBe('my-call.1');
      await expect(id('a b')).resolves.toMatch(/^[0-9a-f-]{36}$/);
      await expect(id('x'.repeat(129))).resolves.toMatch(/^[0-9a-f-]{36}$/);
    });

    it('a receipt of where the time went', async () => {
      const { headers } = await request(gateway.url).get('/function/env');
      expect(headers['server-timing']).toMatch(/^queue;dur=[\d.]+, wake;dur=[\d.]+, exec;dur=[\d.]+, gateway;dur=[\d.]+$/);
    });

    it('all end-to-end headers, and none of the connection', async () => {
      const { headers } = await call('GET', '/function/web/hop', { Connection: 'keep-alive' });
      expect(headers['x-kept']).toBe('1');
      expect(headers).not.toHaveProperty('x-private');
      expect((await call('GET', '/function/web/cookies')).headers['set-cookie']).toEqual(['a=1', 'b=2']);
    });

    it('no word in our name that the function said', async () => {
      const { headers } = await call('GET', '/function/web/fake');
      expect(headers).not.toHaveProperty('x-shoal-error');
      expect(headers['x-call-id']).not.toBe('mine');
    });

    it('the first byte of a slow answer at once, and its last', async () => {
      const answer = await call('GET', '/function/web/slow');
      const chunks: string[] = [];
      for await (const chunk of answer) chunks.push(String(chunk));
      expect(chunks).toEqual(['first', 'last']);
    });

    it('events as they come, and tell the function when the reader leaves', async () => {
      const answer = await call('GET', '/function/web/events');
      const [first] = (await once(answer, 'data')) as [Buffer];
      expect(first.toString()).toBe('data: 1\n\n');
      answer.destroy();
      const log = async () => (await request(gateway.url).get('/system/logs?name=web')).text;
      await gateway.until(async () => (await log()).includes('events closed'));
    });

    it('trailers', async () => {
      const answer = await call('GET', '/function/web/trailers');
      answer.resume();
      await once(answer, 'end');
      expect(answer.trailers).toEqual({ 'x-end': 'yes' });
    });

    it('statuses without a body, and redirects as they are', async () => {
      expect(await raw(gateway.port, simple('/function/web/204'))).toMatch(/^HTTP\/1.1 204 [^]*\r\n\r\n$/);
      expect(await raw(gateway.port, simple('/function/web/304'))).toMatch(/^HTTP\/1.1 304 [^]*ETag: "x"[^]*\r\n\r\n$/);
      const moved = await call('GET', '/function/web/302');
      expect([moved.statusCode, moved.headers.location]).toEqual([302, 'http://elsewhere.invalid/']);
      const head = await raw(gateway.port, simple('/function/web/x').replace('GET', 'HEAD'));
      expect(head).toMatch(/^HTTP\/1.1 200 [^]*\r\n\r\n$/);
    });

    it('the refusal of an upgrade', async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/function/web/declined`);
      const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
      expect(answer.statusCode).toBe(403);
      answer.destroy();
    });

    it('a cut connection, not a clean end, when the function dies on the way', async () => {
      const answer = await call('GET', '/function/web/die');
      await expect(
        (async () => {
          for await (const chunk of answer) expect(String(chunk)).toBe('half');
        })(),
      ).rejects.toMatchObject({ code: 'ECONNRESET' });
      await gateway.until(async () => (await call('GET', '/function/web')).statusCode === 200);
    });

    it('an answer that comes before the body was sent', async () => {
      const socket = connect(gateway.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('POST /function/web/early HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nsome');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1.1 403 /);
      socket.destroy();
    });
  });

  describe('with Expect: 100-continue', () => {
    const head = (name: string) => `POST /function/${name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`;

    it('are told to go on by a function that takes them', async () => {
      const socket = connect(gateway.port, '127.0.0.1');
      socket.write(head('cat'));
      const [first] = (await once(socket, 'data')) as [Buffer];
      expect(first.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      socket.write('hello');
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString()));
      await once(socket, 'close');
      expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*hello$/);
    });

    it('are answered at once where there is no function', async () => {
      expect(await raw(gateway.port, head('nobody'))).toMatch(/^HTTP\/1.1 404 Not Found\r\n/);
    });
  });

  describe('that cannot be', () => {
    it('say that there is no function', async () => {
      const answer = await request(gateway.url).get('/function/nobody').expect(404);
      expect(answer.headers['x-shoal-error']).toBe('function-not-found');
      expect(answer.body).toMatchObject({ code: 'function-not-found', layer: 'gateway', callId: answer.headers['x-call-id'] });
    });

    it.each([
      ['CONNECT x:1', 'CONNECT to anywhere'],
      ['BREW /system/functions', 'a method that nobody knows, of the control plane'],
    ])('are a 405 in JSON with %s (%s)', async (line) => {
      const answer = await raw(gateway.port, `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 405 [^]*X-Shoal-Error: method-not-allowed\r\n[^]*"code":"method-not-allowed"/);
    });

    it('are a 400 with bytes in the target that no URI may hold', async () => {
      expect(await raw(gateway.port, simple('/function/web/\xe4'))).toMatch(/^HTTP\/1.1 400 /);
    });

    it('are a 414 with too long a target, and a 431 with too long a head', async () => {
      await request(gateway.url).get(`/function/cat?${'x'.repeat(64 * 1024)}`).expect(414);
      expect(await raw(gateway.port, simple('/function/cat', `X-Long: ${'x'.repeat(1024 * 1024)}`))).toMatch(/^HTTP\/1.1 431 /);
    });

    it.each([
      ['two lengths', 'Content-Length: 1\r\nContent-Length: 2', 400],
      ['a length and chunks', 'Content-Length: 1\r\nTransfer-Encoding: chunked', 400],
      ['a length that is none', 'Content-Length: 1x', 400],
      ['a folded header', 'X-A: 1\r\n folded', 400],
      ['a space before the colon', 'X-A : 1', 400],
      ['a control character', 'X-A: \u0001', 400],
      ['an unknown encoding', 'Transfer-Encoding: gzip', 501],
    ])('are refused with %s, and the connection ends', async (_name, headers, status) => {
      const answer = await raw(gateway.port, `POST /function/cat HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n0\r\n\r\n${simple('/function/env')}`);
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(answer.match(/HTTP\/1.1 /g)).toHaveLength(1);
    });
  });

  describe('that take too long', () => {
    const processes = async (text: string) => {
      const { execFileSync } = await import('node:child_process');
      return execFileSync('ps', ['-eo', 'ppid,args'], { encoding: 'utf8' }).split('\n').filter((line) => line.includes(text));
    };

    it('are a 504 that names the layer and the limit, and their process is dead', async () => {
      const answer = await request(gateway.url).get('/function/nap').expect(504);
      expect(answer.body).toMatchObject({ code: 'upstream-timeout', layer: 'gateway', limitMs: 2_000 });
      await gateway.until(async () => (await processes('sleep 600')).length === 0);
    });

    it("are a 408 by the function's own limit", async () => {
      const answer = await request(gateway.url).get('/function/limited').expect(408);
      expect(answer.text).toMatch(/^Killed process\.\n/);
      expect(answer.headers).toMatchObject({ 'x-shoal-error': 'exec-timeout', 'x-shoal-limit': 'exec_timeout=500ms' });
    });

    it('have the process of an http function replaced', async () => {
      const pid = async () => (await call('GET', '/function/web')).headers['x-pid'];
      const before = await pid();
      await request(gateway.url).get('/function/web/hang').expect(504);
      await gateway.until(async () => {
        const now = await pid();
        return now !== undefined && now !== before;
      });
    });

    it('are stopped when their caller leaves', async () => {
      const socket = connect(gateway.port, '127.0.0.1');
      socket.write(simple('/function/nap'));
      await gateway.until(async () => (await processes('sleep 600')).length > 0);
      socket.destroy();
      await gateway.until(async () => (await processes('sleep 600')).length === 0);
    });
  });

  it('that end in our errors are counted by status, like all others', async () => {
    const text = await (await fetch(gateway.metricsUrl)).text();
    expect(text).toMatch(/^gateway_function_invocation_total\{function_name="nap\.openfaas-fn",code="504"\} [1-9]/m);
    expect(text).not.toContain('function_name="nobody');
  });
});
