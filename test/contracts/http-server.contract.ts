import { request } from 'node:http';
import type { Exchange } from '@shoal/adapters/http/exchange';
import { HttpServer, type HttpServerOptions } from '@shoal/adapters/http/http-server';
import type { Sockets } from '@shoal/adapters/http/sockets';
import { RawClient } from './raw-client';

const MEGABYTE = 1024 * 1024;
const LIMITS: HttpServerOptions = { maxHeadBytes: 8_192, headTimeoutMs: 30_000, requestTimeoutMs: 30_000, keepAliveMs: 30_000 };
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const post = (headers: string, body = '') => `POST /p HTTP/1.1\r\nHost: x\r\n${headers}\r\n${body}`;
const dateless = (text: string) => text.replace(/Date: [^\r]*\r\n/g, '');
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What `HttpServer` does, on the sockets of each runtime. */
export function describeHttpServer(name: string, sockets: Sockets): void {
  describe(`HttpServer on ${name}`, () => {
    let server: HttpServer | undefined;
    const clients: RawClient[] = [];

    afterEach(async () => {
      for (const client of clients.splice(0)) client.destroy();
      await server?.close();
      server = undefined;
    });

    async function serve(handle: (exchange: Exchange) => void, limits: Partial<HttpServerOptions> = {}): Promise<number> {
      server = new HttpServer(sockets, { ...LIMITS, ...limits }, handle);
      return server.listen(0, '127.0.0.1');
    }

    async function open(port: number): Promise<RawClient> {
      const client = await RawClient.connect(port);
      clients.push(client);
      return client;
    }

    /** A client of a server that does `handle`. */
    async function client(handle: (exchange: Exchange) => void, limits: Partial<HttpServerOptions> = {}): Promise<RawClient> {
      return open(await serve(handle, limits));
    }

    /** Answers with what it was sent. */
    const echo = (exchange: Exchange) => {
      const chunks: Buffer[] = [];
      exchange.readBody({
        data: (chunk) => chunks.push(chunk),
        end: (trailers) => exchange.send(200, trailers.length > 0 ? ['X-Trailers', trailers.join()] : [], Buffer.concat(chunks)),
      });
    };

    describe('keeps a connection', () => {
      it('for one request after the other', async () => {
        const caller = await client((exchange) => exchange.send(200, ['X-Target', exchange.target], exchange.method));
        caller.write(GET);
        expect(dateless(await caller.hears('GET'))).toBe('HTTP/1.1 200 OK\r\nX-Target: /\r\nContent-Length: 3\r\n\r\nGET');
        caller.write('PUT /b HTTP/1.1\r\nHost: x\r\n\r\n');
        await caller.hears('\r\n\r\nPUT');
      });

      it.each([
        ['at once', (exchange: Exchange) => exchange.send(200, [], `<${exchange.target}>`)],
        ['later, and in any order of their own', (exchange: Exchange) => void setTimeout(() => exchange.send(200, [], `<${exchange.target}>`), Math.random() * 3)],
      ])('for a hundred requests sent ahead, answered in turn: %s', async (_, handle) => {
        const caller = await client(handle);
        const targets = Array.from({ length: 100 }, (__, i) => `/${i}`);
        caller.write(targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
        const answers = await caller.hears('</99>');
        expect(answers.match(/<[^>]*>/g)).toEqual(targets.map((target) => `<${target}>`));
      });

      it('that rests after an answer: what is sent sooner waits, and is answered in turn', async () => {
        const handledMs: number[] = [];
        const caller = await client((exchange) => {
          handledMs.push(performance.now());
          if (exchange.target === '/') exchange.restAfterAnswer();
          exchange.send(200, [], `<${exchange.target}>`);
        });
        // One that is read with the first, and one that comes while the connection rests.
        caller.write(`${GET}GET /2 HTTP/1.1\r\nHost: x\r\n\r\n`);
        await caller.hears('</>');
        caller.write('GET /3 HTTP/1.1\r\nHost: x\r\n\r\n');
        expect((await caller.hears('</3>')).match(/<[^>]*>/g)).toEqual(['</>', '</2>', '</3>']);
        expect(handledMs[1]! - handledMs[0]!).toBeGreaterThan(400);
        // One that leaves meanwhile is not kept.
        caller.write(GET);
        await soon(() => handledMs.length === 4);
        caller.destroy();
        await server!.close();
      });

      it('that many callers share, and that does not rest for one of them', async () => {
        let restsMs = Infinity;
        const caller = await client(
          (exchange) => {
            if (exchange.target === '/2') restsMs = performance.now() - restsMs;
            else restsMs = performance.now();
            exchange.restAfterAnswer();
            exchange.send(200, [], `<${exchange.target}>`);
          },
          { sharedConnections: true },
        );
        caller.write(`${GET}GET /2 HTTP/1.1\r\nHost: x\r\n\r\n`);
        await caller.hears('</2>');
        expect(restsMs).toBeLessThan(400);
      });

      it('whose other end an exchange knows', async () => {
        const caller = await client((exchange) => exchange.send(200, [], JSON.stringify(exchange.peer)));
        caller.write(GET);
        await caller.hears(JSON.stringify({ address: '127.0.0.1', port: caller.localPort, secure: false }));
      });

      it('for requests of any kind in any pieces', async () => {
        const caller = await client(echo);
        const all = `${post('Content-Length: 2\r\n', 'ab')}${GET}${post('Transfer-Encoding: chunked\r\n', '2\r\ncd\r\n0\r\nT: u\r\n\r\n')}\r\n${GET}`;
        for (const letter of all) {
          caller.write(letter);
          await new Promise(setImmediate);
        }
        await caller.until(() => caller.received.split('HTTP/1.1 200 OK').length === 5, 'answered four times');
        expect(dateless(caller.received)).toContain('X-Trailers: T,u\r\nContent-Length: 2\r\n\r\ncd');
      });

      it('behind a body that has come and that nobody read', async () => {
        const caller = await client((exchange) => exchange.send(200, [], `<${exchange.target}>`));
        caller.write(post('Content-Length: 5\r\n', 'GET /') + GET);
        await caller.hears('</>');
        expect(caller.received).toContain('</p>');
      });

      it('not behind a body that has not come and that nobody read, whose bytes are no request', async () => {
        const asked: string[] = [];
        const caller = await client((exchange) => {
          asked.push(exchange.target);
          exchange.send(404, [], 'no');
        });
        caller.write(post('Content-Length: 1000000\r\n'));
        expect(await caller.hears('no')).toContain('Connection: close');
        caller.write(GET);
        await caller.ends();
        expect(asked).toEqual(['/p']);
      });

      it('not behind one whose answer was cut, whose requests nobody waits for', async () => {
        const asked: string[] = [];
        const caller = await client((exchange) => {
          asked.push(exchange.target);
          exchange.readBody({ data: () => exchange.cut(), end: () => exchange.send(200, []) });
        });
        caller.write(post('Content-Length: 1\r\n', 'a') + GET);
        await caller.ends();
        expect(asked).toEqual(['/p']);
      });

      it('until it was asked to close it', async () => {
        const caller = await client((exchange) => exchange.send(200, [], 'a'));
        caller.write(`GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n${GET}`);
        expect((await caller.ends()).match(/HTTP\/1.1 200/g)).toHaveLength(1);
        expect(caller.received).toContain('Connection: close');
        caller.end();
        await caller.until(() => caller.closed, 'closed');
      });

      it('of HTTP/1.0 only when asked to', async () => {
        const port = await serve((exchange) => exchange.send(200, [], 'a'));
        const once = await open(port);
        once.write('GET / HTTP/1.0\r\n\r\n');
        expect(await once.ends()).toMatch(/Connection: close\r\n\r\na$/);
        const kept = await open(port);
        kept.write('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
        expect(await kept.hears('\r\n\r\na')).toContain('Connection: keep-alive');
        kept.write('GET / HTTP/1.0\r\n\r\n');
        await kept.ends();
      });

      it('for a time that it tells when asked to', async () => {
        const port = await serve((exchange) => exchange.send(200, [], 'a'), { tellsKeepAlive: true, keepAliveMs: 2_900 });
        for (const [asked, lines] of [
          [GET, 'Connection: keep-alive\r\nKeep-Alive: timeout=2\r\n'],
          ['GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', 'Connection: keep-alive\r\nKeep-Alive: timeout=2\r\n'],
          ['GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'Connection: close\r\n'],
          ['GET / HTTP/1.0\r\n\r\n', 'Connection: close\r\n'],
        ] as const) {
          const caller = await open(port);
          caller.write(asked);
          expect(dateless(await caller.hears('\r\n\r\na'))).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n${lines}\r\na`);
        }
      });

      it('no longer than keepAliveMs without a request, and longer with one', async () => {
        let answer: (() => void) | undefined;
        const caller = await client((exchange) => (answer = () => exchange.send(200, [], 'a')), { keepAliveMs: 100 });
        caller.write(GET);
        await sleep(1_200);
        answer!();
        await caller.hears('\r\n\r\na');
        await caller.ends();
      });

      it('while a caller does not take its answers, without making more of them', async () => {
        let made = 0;
        const caller = await client((exchange) => {
          made++;
          exchange.send(200, [], Buffer.alloc(MEGABYTE, 'a'));
        });
        caller.pause();
        caller.write(GET.repeat(1_000));
        await sleep(300);
        expect(made).toBeLessThan(30);
        caller.resume();
        await caller.until(() => caller.received.length > 40 * MEGABYTE, 'heard more');
      });

      it('while much more is sent ahead than it keeps', async () => {
        let first: Exchange | undefined;
        let served = 0;
        const caller = await client((exchange) => {
          if (first) exchange.send(200, [], '.');
          else first = exchange;
          served++;
        });
        const count = 20_000;
        caller.write(GET.repeat(count));
        await sleep(200);
        first!.send(200, [], '.');
        await caller.until(() => served === count, 'served all');
      });
    });

    describe('answers', () => {
      it.each<[string, string, (exchange: Exchange) => void, string]>([
        ['HEAD without a body', 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n', (x) => x.send(200, [], 'abc'), 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n'],
        ['204 without a body or a length', GET, (x) => x.send(204, [], 'abc'), 'HTTP/1.1 204 \r\n\r\n'],
        ['304 without a body', GET, (x) => x.send(304, ['ETag', '"a"'], ''), 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 0\r\n\r\n'],
        [
          'in chunks with trailers when no length is said',
          GET,
          (x) => {
            x.begin(200, []);
            x.write(Buffer.from('abc'));
            x.write(Buffer.alloc(0));
            x.end(['T', 'u']);
          },
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: u\r\n\r\n',
        ],
        [
          'HTTP/1.0 until the end of the connection when no length is said',
          'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
          (x) => {
            x.begin(200, []);
            x.write(Buffer.from('abc'));
            x.end(['T', 'u']);
          },
          'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc',
        ],
        [
          'in its own frame, whatever headers it is given',
          GET,
          (x) => {
            x.begin(299, ['Transfer-Encoding', 'gzip', 'connection', 'x', 'A', '\xe4'], 'Odd');
            x.end();
          },
          'HTTP/1.1 299 Odd\r\nA: \xe4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        ],
      ])('%s', async (_, asked, handle, expected) => {
        const caller = await client(handle);
        caller.write(asked);
        await caller.hears(expected.slice(-4));
        await sleep(20);
        expect(dateless(caller.received)).toBe(expected);
      });

      it('with a Date, its own or the one it is given', async () => {
        const caller = await client((exchange) => exchange.send(200, exchange.target === '/' ? [] : ['date', 'then']));
        caller.write(GET);
        const now = /Date: (.*)\r\n/.exec(await caller.hears('\r\n\r\n'))![1]!;
        expect(Math.abs(Date.parse(now) - Date.now())).toBeLessThan(3_000);
        caller.write('GET /own HTTP/1.1\r\nHost: x\r\n\r\n');
        expect((await caller.hears('date: then')).match(/date:/gi)).toHaveLength(2);
      });

      it.each<[string, readonly string[], string]>([
        ['an end of line in a value', ['A', 'b\r\nSet-Cookie: c'], 'OK'],
        ['a line feed in a value', ['A', 'b\nc'], 'OK'],
        ['a character whose last byte is a line feed', ['A', 'b\u010ac'], 'OK'],
        ['a NUL in a value', ['A', 'b\0c'], 'OK'],
        ['an end of line in a name', ['A\r\nB', 'c'], 'OK'],
        ['a colon in a name', ['A:', 'c'], 'OK'],
        ['an empty name', ['', 'c'], 'OK'],
        ['an end of line in the words of the status', [], 'OK\r\nA: b'],
        ['two lengths', ['Content-Length', '1', 'content-length', '1'], 'OK'],
        ['a length that is no number', ['Content-Length', '1, 1'], 'OK'],
      ])('never with %s: it throws, and another answer can be sent', async (_, headers, words) => {
        const caller = await client((exchange) => {
          expect(() => exchange.begin(200, headers, words)).toThrow(TypeError);
          exchange.send(500, [], 'other');
        });
        caller.write(GET);
        expect(dateless(await caller.hears('other'))).toBe('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\nother');
      });

      it('never with trailers that hold an end of line', async () => {
        const caller = await client((exchange) => {
          exchange.begin(200, []);
          expect(() => exchange.end(['A', 'b\r\n\r\nHTTP/1.1 200 OK'])).toThrow(TypeError);
          exchange.end();
        });
        caller.write(GET);
        await caller.hears('\r\n\r\n0\r\n\r\n');
      });

      it('never with more than it said, and cuts what is less', async () => {
        const caller = await client((exchange) => {
          exchange.begin(200, ['Content-Length', '3']);
          expect(() => exchange.write(Buffer.from('abcd'))).toThrow(TypeError);
          exchange.write(Buffer.from('ab'));
          exchange.end();
        });
        caller.write(GET);
        expect(await caller.ends()).toMatch(/\r\n\r\nab$/);
      });

      it('once: what is written afterwards goes nowhere', async () => {
        const caller = await client((exchange) => {
          exchange.begin(200, ['Content-Length', '1']);
          exchange.write(Buffer.from('a'));
          exchange.end();
          exchange.write(Buffer.from('HTTP/1.1 200 OK'));
          exchange.send(200, [], 'again');
          exchange.end();
        });
        caller.write(GET + GET);
        await caller.until(() => caller.received.split('\r\n\r\na').length === 3, 'answered twice');
        expect(caller.received).not.toContain('again');
      });

      it('what Node’s client understands, over one connection', async () => {
        const port = await serve((exchange) => {
          exchange.begin(200, ['X-Method', exchange.method]);
          exchange.readBody({ data: (chunk) => exchange.write(chunk), end: (trailers) => exchange.end(trailers) });
        });
        const body = await new Promise<string>((resolve, reject) => {
          const asked = request({ port, method: 'POST', headers: { 'Transfer-Encoding': 'chunked', Trailer: 'T' } }, (answer) => {
            let text = '';
            answer.on('data', (chunk) => (text += String(chunk)));
            answer.on('end', () => resolve(`${text} ${answer.trailers['t']}`));
          });
          asked.on('error', reject);
          asked.write('hello ');
          asked.addTrailers({ T: 'trailer' });
          asked.end('world');
        });
        expect(body).toBe('hello world trailer');
        await expect((await fetch(`http://127.0.0.1:${port}/`, { method: 'PUT', body: 'x'.repeat(MEGABYTE) })).text()).resolves.toHaveLength(MEGABYTE);
      });
    });

    describe('reads a body', () => {
      it('after it has sent 100 Continue to a caller that waits for that', async () => {
        let read: (() => void) | undefined;
        const caller = await client((exchange) => (read = () => echo(exchange)));
        caller.write(post('Expect: 100-continue\r\nContent-Length: 3\r\n'));
        await soon(() => read !== undefined);
        await sleep(50);
        expect(caller.received).toBe('');
        read!();
        await caller.hears('HTTP/1.1 100 Continue\r\n\r\n');
        caller.write('abc');
        expect(dateless(await caller.hears('abc'))).toBe('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc');
      });

      it.each([
        ['is answered without reading it', 'Expect: 100-continue\r\nContent-Length: 3\r\n', '', (x: Exchange) => x.send(413, [])],
        ['has come already', 'Expect: 100-continue\r\nContent-Length: 3\r\n', 'abc', echo],
        ['is empty', 'Expect: 100-continue\r\n', '', echo],
      ])('without 100 Continue when it %s', async (_, headers, body, handle) => {
        const caller = await client(handle);
        caller.write(post(headers, body));
        await caller.hears('\r\n\r\n');
        expect(caller.received).not.toContain('100 Continue');
      });

      it('as slowly as it is taken, in bounded memory', async () => {
        let exchange: Exchange | undefined;
        let got = 0;
        const caller = await client((asked) => {
          exchange = asked;
          asked.readBody({
            data: (chunk) => {
              got += chunk.byteLength;
              asked.pauseBody();
            },
            end: () => asked.send(200, [], 'all'),
          });
        }, { requestTimeoutMs: 300 });
        const size = 30 * MEGABYTE;
        caller.write(post(`Content-Length: ${size}\r\n`));
        caller.write(Buffer.alloc(size));
        await sleep(1_500);
        expect(got).toBeLessThan(2 * MEGABYTE);
        // The time of a body that is paused is not the caller's.
        expect(exchange!.closed).toBe(false);
        const timer = setInterval(() => exchange!.resumeBody(), 0);
        await caller.hears('all');
        clearInterval(timer);
        expect(got).toBe(size);
      });

      it('that nobody asks for only as far as it has come', async () => {
        let exchange: Exchange | undefined;
        const caller = await client((asked) => (exchange = asked));
        caller.write(post('Content-Length: 30000000\r\n'));
        await soon(() => exchange !== undefined);
        caller.write(Buffer.alloc(30_000_000));
        await sleep(200);
        let got = 0;
        exchange!.readBody({ data: (chunk) => (got += chunk.byteLength), end: () => exchange!.send(200, [], 'all') });
        expect(got).toBeLessThan(2 * MEGABYTE);
        await caller.hears('all');
        expect(got).toBe(30_000_000);
      });

      it('no further once it has answered, and the caller gets that answer', async () => {
        const caller = await client((exchange) => {
          exchange.readBody({ data: () => exchange.send(413, [], 'too much'), end: () => undefined });
        });
        caller.write(post('Content-Length: 50000000\r\n'));
        for (let i = 0; i < 50; i++) caller.write(Buffer.alloc(MEGABYTE));
        expect(await caller.ends()).toMatch(/413 Content Too Large[^]*Connection: close[^]*too much$/);
        caller.end();
        await caller.until(() => caller.closed, 'closed');
      });

      it('and closes when the caller leaves within it', async () => {
        let closed = false;
        const caller = await client((exchange) => {
          exchange.readBody({ data: () => undefined, end: () => undefined });
          exchange.onClosed = () => (closed = true);
        });
        caller.write(post('Content-Length: 10\r\n', 'abc'));
        caller.end();
        await soon(() => closed);
        await caller.until(() => caller.closed, 'closed');
      });

      it('whose chunks are malformed with 400, and tells the handler', async () => {
        let closed = false;
        const caller = await client((exchange) => {
          exchange.readBody({ data: () => undefined, end: () => undefined });
          exchange.onClosed = () => (closed = true);
        });
        caller.write(post('Transfer-Encoding: chunked\r\n', '1\r\na\r\n'));
        await sleep(20);
        caller.write('x\r\n');
        await caller.hears('HTTP/1.1 400');
        expect(closed).toBe(true);
      });
    });

    describe('refuses', () => {
      it.each([
        [400, 'lines that end with LF', 'GET / HTTP/1.1\nHost: x\n\n'],
        [400, 'a length beside chunks', post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
        [501, 'another coding', post('Transfer-Encoding: gzip\r\n')],
        [417, 'an expectation that nobody knows', post('Expect: the-unexpected\r\nContent-Length: 2\r\n', 'ab')],
        [405, 'CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n'],
        [431, 'a long head', `GET / HTTP/1.1\r\nHost: x\r\nA: ${'b'.repeat(9_000)}`],
        [505, 'HTTP/2', 'PRI * HTTP/2.0\r\n\r\n'],
      ])('with %i: %s', async (status, _, text) => {
        const caller = await client(() => expect('not').toBe('handled'));
        caller.write(text + GET);
        expect(await caller.ends()).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*Connection: close\r\n\r\n.*\n$`));
        expect(caller.received.match(/HTTP\/1.1/g)).toHaveLength(1);
      });

      it('in the words it is given, a caller within its body, too', async () => {
        const refusal = (status: number, reason: string) => ({ status: status + 1, headers: ['X-Code', 'bad'], body: `{"\u00e4":"${reason}"}` });
        const port = await serve((exchange) => exchange.readBody({ data: () => undefined, end: () => undefined }), { refusal });
        const [head, body] = [await open(port), await open(port)];
        head.write('nonsense\r\n\r\n');
        expect(dateless(Buffer.from(await head.ends(), 'latin1').toString())).toBe(
          'HTTP/1.1 401 Unauthorized\r\nX-Code: bad\r\nContent-Length: 37\r\nConnection: close\r\n\r\n{"\u00e4":"its first line is no request"}',
        );
        body.write(post('Transfer-Encoding: chunked\r\n', 'x\r\n'));
        expect(await body.ends()).toMatch(/^HTTP\/1.1 401 [^]*a chunk has no size"}$/);
      });

      it('what is no request behind one that is, in turn', async () => {
        const caller = await client((exchange) => exchange.send(200, [], 'fine'));
        caller.write(`${GET}nonsense\r\n\r\n`);
        expect(await caller.ends()).toMatch(/^HTTP\/1.1 200 [^]*fineHTTP\/1.1 400 /);
      });

      it('with 408: a head that takes too long', async () => {
        const caller = await client(() => undefined, { headTimeoutMs: 300 });
        caller.write('GET / HTTP/1.1\r\n');
        const timer = setInterval(() => caller.write('A: b\r\n'), 50);
        expect(await caller.ends()).toMatch(/^HTTP\/1.1 408 /);
        clearInterval(timer);
      });

      it('with 408: a body that takes too long', async () => {
        let closed = false;
        const caller = await client((exchange) => {
          exchange.onClosed = () => (closed = true);
          exchange.readBody({ data: () => undefined, end: () => undefined });
        }, { requestTimeoutMs: 300 });
        caller.write(post('Content-Length: 1000\r\n'));
        const timer = setInterval(() => caller.write('a'), 50);
        expect(await caller.ends()).toMatch(/^HTTP\/1.1 408 /);
        clearInterval(timer);
        expect(closed).toBe(true);
      });

      it('connections that say nothing, without a word', async () => {
        const caller = await client(() => undefined, { headTimeoutMs: 100 });
        expect(await caller.ends()).toBe('');
      });
    });

    describe('notices a caller', () => {
      it('that leaves, by closing: within a second', async () => {
        let exchange: Exchange | undefined;
        let closedMs = 0;
        const caller = await client((asked) => {
          exchange = asked;
          asked.onClosed = () => (closedMs = performance.now());
        });
        caller.write(GET);
        await soon(() => exchange !== undefined);
        const leftMs = performance.now();
        caller.destroy();
        await soon(() => closedMs > 0);
        expect(closedMs - leftMs).toBeLessThan(1_000);
        expect(exchange!.closed).toBe(true);
        exchange!.send(200, [], 'to nobody');
      });

      it('of HTTP/1.0 that leaves: within two seconds', async () => {
        let closed = false;
        const caller = await client((asked) => (asked.onClosed = () => (closed = true)));
        caller.write('GET / HTTP/1.0\r\n\r\n');
        await sleep(50);
        const leftMs = performance.now();
        caller.destroy();
        await soon(() => closed);
        expect(performance.now() - leftMs).toBeLessThan(2_000);
      });

      it('that leaves by a reset', async () => {
        let closed = false;
        const caller = await client((asked) => (asked.onClosed = () => (closed = true)));
        caller.write(GET);
        await sleep(50);
        caller.reset();
        await soon(() => closed);
      });

      it('that leaves within the answer', async () => {
        let closed = false;
        let timer: NodeJS.Timeout | undefined;
        const caller = await client((asked) => {
          asked.onClosed = () => (closed = true);
          asked.begin(200, []);
          timer = setInterval(() => asked.write(Buffer.from('tick')), 20);
        });
        caller.write(GET);
        await caller.hears('tick');
        caller.destroy();
        await soon(() => closed);
        clearInterval(timer);
      });

      it.each([['HTTP/1.1', '\r\nHost: x'], ['HTTP/1.0', '']])('that only ended its half, and answers it: %s', async (version, host) => {
        const caller = await client((exchange) => void setTimeout(() => exchange.send(200, [], 'answer'), 50));
        caller.write(`GET / ${version}${host}\r\n\r\n`);
        caller.end();
        expect(await caller.ends()).toMatch(/^HTTP\/1.1 200 [^]*answer$/);
        await caller.until(() => caller.closed, 'closed');
      });

      it('that only ended its half, also when the answer takes longer, which it hears of', async () => {
        const caller = await client((exchange) => void setTimeout(() => exchange.send(200, [], 'answer'), 1_500));
        caller.write(GET);
        caller.end();
        expect(await caller.ends()).toMatch(/^(HTTP\/1.1 100 Continue\r\n\r\n)+HTTP\/1.1 200 [^]*answer$/);
      });

      it('that only ended its half behind several requests, and answers them all', async () => {
        const caller = await client((exchange) => void setTimeout(() => exchange.send(200, [], exchange.target), 10));
        caller.write(GET.repeat(3));
        caller.write('GET /part');
        caller.end();
        expect((await caller.ends()).match(/HTTP\/1.1 200/g)).toHaveLength(3);
        await caller.until(() => caller.closed, 'closed');
      });

      it.each(['Content-Length: 9', 'Transfer-Encoding: chunked'])('that has left within a request when its turn comes, and still answers the one before (%s)', async (frame) => {
        let left = false;
        const caller = await client((exchange) => {
          if (exchange.method === 'POST') exchange.onClosed = () => (left = true);
          else setTimeout(() => exchange.send(200, [], 'first'), 50);
        });
        caller.write(`${GET}POST / HTTP/1.1\r\nHost: x\r\n${frame}\r\n\r\n1`);
        caller.end();
        expect(await caller.ends()).toMatch(/^HTTP\/1.1 200 [^]*first$/);
        await caller.until(() => caller.closed, 'closed');
        expect(left).toBe(true);
      });

      it('that has left when the turn of its last request comes', async () => {
        let closed = false;
        const caller = await client((exchange) => {
          if (exchange.target === '/last') exchange.onClosed = () => (closed = true);
          else setTimeout(() => exchange.send(200, [], ''), 30);
        });
        caller.write(`${GET}GET /last HTTP/1.1\r\nHost: x\r\n\r\n`);
        caller.end();
        await caller.hears('200 OK');
        caller.destroy();
        await soon(() => closed);
      });

      it('that only ended its half and reads a long answer slowly', async () => {
        const caller = await client((exchange) => exchange.send(200, [], Buffer.alloc(20 * MEGABYTE)));
        caller.pause();
        caller.write(GET);
        caller.end();
        await sleep(3_500);
        caller.resume();
        expect((await caller.ends()).length).toBeGreaterThan(20 * MEGABYTE);
      });
    });

    describe('sends an answer', () => {
      it('as fast as it is taken, in bounded memory', async () => {
        let sent = 0;
        let done = false;
        const size = 100 * MEGABYTE;
        const caller = await client((exchange) => {
          exchange.begin(200, ['Content-Length', String(size)]);
          const piece = Buffer.alloc(64 * 1024);
          const more = () => {
            while (sent < size) {
              sent += piece.byteLength;
              if (!exchange.write(piece)) return;
            }
            exchange.end();
            done = true;
          };
          exchange.onDrained = more;
          more();
        });
        caller.pause();
        caller.write(GET);
        await sleep(300);
        expect(sent).toBeLessThan(20 * MEGABYTE);
        const before = sent;
        await sleep(200);
        expect(sent).toBe(before);
        caller.resume();
        await caller.until(() => caller.received.length > size, 'heard all');
        expect(done).toBe(true);
      });

      it('whole to a slow reader before it closes the connection', async () => {
        const caller = await client((exchange) => exchange.send(200, [], Buffer.alloc(20 * MEGABYTE)), { keepAliveMs: 100 });
        caller.pause();
        caller.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        await sleep(3_500);
        caller.resume();
        expect((await caller.ends()).length).toBeGreaterThan(20 * MEGABYTE);
      });

      it('whole to a slow reader before its connection counts as idle', async () => {
        const caller = await client((exchange) => exchange.send(200, [], Buffer.alloc(20 * MEGABYTE)), { keepAliveMs: 100 });
        caller.pause();
        caller.write(GET);
        await sleep(1_500);
        caller.resume();
        expect((await caller.ends()).length).toBeGreaterThan(20 * MEGABYTE);
      });

      it('that is cut in a way that nobody takes for its end', async () => {
        const port = await serve((exchange) => {
          exchange.begin(200, exchange.target === '/sized' ? ['Content-Length', '10'] : []);
          exchange.write(Buffer.from('part'));
          setTimeout(() => exchange.cut(), 20);
        });
        const chunked = await open(port);
        chunked.write(GET);
        expect(await chunked.ends()).toMatch(/4\r\npart\r\n$/);
        const endless = await open(port);
        endless.write('GET / HTTP/1.0\r\n\r\n');
        await endless.until(() => endless.closed, 'closed');
        expect(endless.broken).toBe(true);
      });
    });

    describe('an exchange whose body nobody has asked for yet', () => {
      it.each(['', 'Expect: 100-continue\r\n'])('is told that its caller leaves (%j)', async (header) => {
        let left = false;
        let asked = false;
        const caller = await client((exchange) => {
          asked = true;
          exchange.onClosed = () => (left = true);
        });
        caller.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n${header}\r\n`);
        await soon(() => asked);
        caller.write('a');
        caller.destroy();
        await soon(() => left);
      });

      it('holds a little of it, and gets the rest when somebody asks', async () => {
        const body = 'x'.repeat(300_000);
        const caller = await client((exchange) => {
          setTimeout(() => {
            let bytes = 0;
            exchange.readBody({ data: (chunk) => (bytes += chunk.byteLength), end: () => exchange.send(200, [], String(bytes)) });
          }, 200);
        });
        caller.write(post(`Content-Length: ${body.length}\r\n`, body));
        await caller.hears('300000');
      });
    });

    describe('switchProtocol()', () => {
      it('hands over the connection, what came behind the request first', async () => {
        const heard: string[] = [];
        let closed = false;
        const caller = await client((exchange) => {
          expect(exchange.webSocket).toBe(true);
          const socket = exchange.switchProtocol('Connection: Upgrade\r\nUpgrade: websocket\r\n', {
            data: (chunk) => {
              heard.push(chunk.toString());
              queueMicrotask(() => socket.write(`<${chunk.toString()}>`));
            },
            drained: () => undefined,
            closed: () => (closed = true),
          });
        });
        caller.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\nearly');
        await caller.hears('<early>');
        expect(caller.received).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n<early>$/);
        caller.write('late');
        await caller.hears('<late>');
        caller.end();
        await soon(() => closed);
        expect(heard).toEqual(['early', 'late']);
      });
    });

    describe('close()', () => {
      it('ends idle connections, lets a call end, and takes no other', async () => {
        let exchange: Exchange | undefined;
        const port = await serve((asked) => (exchange = asked));
        const [idle, busy] = [await open(port), await open(port)];
        busy.write(GET);
        await soon(() => exchange !== undefined);
        let closed = false;
        const closing = server!.close().then(() => (closed = true));
        expect(await idle.ends()).toBe('');
        idle.end();
        expect(closed).toBe(false);
        exchange!.send(200, [], 'last');
        expect(await busy.ends()).toMatch(/Connection: close[^]*last$/);
        busy.end();
        await closing;
        await server!.close();
        await expect(open(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      });
    });

    describe('drain()', () => {
      const served = (exchange: Exchange) => exchange.send(200, [], `<${exchange.target}>`);

      it('ends who is idle, at once, and who has sent nothing, after a while', async () => {
        const port = await serve(served);
        const [idle, silent] = [await open(port), await open(port)];
        idle.write(GET);
        await idle.hears('</>');
        const beganMs = performance.now();
        const draining = server!.drain(20_000);
        await idle.ends();
        expect(performance.now() - beganMs).toBeLessThan(900);
        idle.end();
        expect(silent.ended).toBe(false);
        expect(await silent.ends()).toBe('');
        await draining;
        expect(performance.now() - beganMs).toBeLessThan(5_000);
        await expect(open(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      });

      it('takes what is on its way, which is the last on its connection', async () => {
        const port = await serve(served);
        const [begun, behind, late] = [await open(port), await open(port), await open(port)];
        begun.write('GET /begun HTTP');
        behind.write(`${GET}GET /beh`);
        await behind.hears('</>');
        const draining = server!.drain(20_000);
        late.write('GET /late HTTP/1.1\r\nHost: x\r\n\r\n');
        begun.write('/1.1\r\nHost: x\r\n\r\n');
        behind.write('ind HTTP/1.1\r\nHost: x\r\n\r\n');
        expect(await late.ends()).toMatch(/Connection: close[^]*<\/late>$/);
        expect(await begun.ends()).toMatch(/Connection: close[^]*<\/begun>$/);
        expect(await behind.ends()).toMatch(/Connection: close[^]*<\/behind>$/);
        for (const caller of [begun, behind, late]) caller.end();
        await draining;
      });

      it('takes what waits behind an answer that is being taken', async () => {
        let big = false;
        const port = await serve((exchange) => {
          if (exchange.target === '/') return served(exchange);
          exchange.send(200, [], Buffer.alloc(20 * MEGABYTE, 'a'));
          big = true;
        });
        const caller = await open(port);
        caller.pause();
        caller.write(`GET /big HTTP/1.1\r\nHost: x\r\n\r\n${GET}`);
        await soon(() => big);
        const draining = server!.drain(20_000);
        caller.resume();
        expect(await caller.ends()).toMatch(/aHTTP\/1\.1 200 [^]*Connection: close[^]*<\/>$/);
        caller.end();
        await draining;
      });

      it('cuts at its limit what goes on: calls, tunnels, and who does not end', async () => {
        let closed = 0;
        const port = await serve((exchange) => {
          const events = { data: () => undefined, drained: () => undefined, closed: () => closed++ };
          if (exchange.webSocket) return void exchange.switchProtocol('Connection: Upgrade\r\nUpgrade: websocket\r\n', events);
          exchange.onClosed = () => closed++;
        });
        const [call, tunnel, slow] = [await open(port), await open(port), await open(port)];
        tunnel.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        await tunnel.hears('101');
        call.write(GET);
        slow.write('GET / HTTP/1.1\r\nHost:');
        await sleep(50);
        await server!.drain(200);
        expect(closed).toBe(2);
        await Promise.all([call, tunnel, slow].map((caller) => caller.until(() => caller.closed || caller.ended, 'ended')));
      });
    });
  });
}

/** For what a handler sets. */
async function soon(so: () => boolean): Promise<void> {
  for (let i = 0; i < 800 && !so(); i++) await sleep(10);
  expect(so()).toBe(true);
}
