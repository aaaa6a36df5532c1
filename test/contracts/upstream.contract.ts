import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { HOP_BY_HOP } from '@shoal/adapters/http/end-to-end-headers';
import type { Exchange } from '@shoal/adapters/http/exchange';
import { HttpServer } from '@shoal/adapters/http/http-server';
import type { Sockets } from '@shoal/adapters/http/sockets';
import { Upstream, type UpstreamCall } from '@shoal/adapters/http/upstream';
import { ShoalError } from '@shoal/domain/shared/errors';
import { RawClient } from './raw-client';

const MEGABYTE = 1024 * 1024;
const LIMITS = { maxHeadBytes: 65_536, headTimeoutMs: 30_000, requestTimeoutMs: 30_000, keepAliveMs: 30_000 };
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const WEB_SOCKET = 'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n';
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A connection that has just brought an answer is left alone for a moment. */
const rested = () => sleep(5);

/** For what happens elsewhere. */
async function soon(so: () => boolean): Promise<void> {
  for (let i = 0; i < 800 && !so(); i++) await sleep(10);
  expect(so()).toBe(true);
}

/** One connection of the other side, as a test plays it. */
class Side {
  received = '';
  ended = false;
  closed = false;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
    socket.on('end', () => (this.ended = true));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
  }

  write(text: string | Buffer): boolean {
    return this.socket.write(text, 'latin1');
  }

  async hears(text: string): Promise<string> {
    await soon(() => this.received.includes(text));
    return this.received;
  }
}

/** What `Upstream` does between a caller and another server, on the sockets of each runtime. */
export function describeUpstream(name: string, sockets: Sockets): void {
  describe(`Upstream on ${name}`, () => {
    const cleanUps: (() => void)[] = [];
    let upstream: Upstream;
    let outcomes: (number | string)[];

    afterEach(() => {
      for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
    });

    /** A server of ours in front of `port`. */
    async function inFrontOf(port: number, change: Partial<UpstreamCall> = {}): Promise<number> {
      const mine: (number | string)[] = [];
      outcomes = mine;
      upstream = new Upstream(sockets, '127.0.0.1', port);
      const server = new HttpServer(sockets, LIMITS, (exchange: Exchange) => {
        const call: UpstreamCall = {
          limitMs: 0,
          timedOut: () => new ShoalError('exec-timeout', 'too late'),
          answerLines: () => 'X-Added: yes\r\n',
          withheld: HOP_BY_HOP.with('x-withheld'),
          ...change,
        };
        upstream.forward(exchange, call).then(
          (status) => mine.push(status),
          (error: ShoalError) => {
            mine.push(error.code);
            if (!exchange.headSent) exchange.send(error.code === 'exec-timeout' ? 504 : 502, [], error.message);
          },
        );
      });
      const own = await server.listen(0, '127.0.0.1');
      cleanUps.push(() => {
        upstream.close();
        void server.close();
      });
      return own;
    }

    async function listening(server: Server | TcpServer): Promise<number> {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      cleanUps.push(() => server.close());
      return (server.address() as AddressInfo).port;
    }

    /** A caller, and what each connection to the other side does. */
    async function between(played: (side: Side, index: number) => void, change: Partial<UpstreamCall> = {}): Promise<{ caller: RawClient; sides: Side[]; port: number }> {
      const sides: Side[] = [];
      const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
        const side = new Side(socket);
        cleanUps.push(() => socket.destroy());
        sides.push(side);
        played(side, sides.length - 1);
      });
      const port = await inFrontOf(await listening(server), change);
      return { caller: await caller(port), sides, port };
    }

    async function caller(port: number): Promise<RawClient> {
      const client = await RawClient.connect(port);
      cleanUps.push(() => client.destroy());
      return client;
    }

    /** Answers whatever ends with `end`. */
    const answering = (text: string, end = '') => (side: Side) => {
      side.socket.on('data', () => side.received.endsWith(end) && side.write(text));
    };

    describe('passes on', () => {
      it('a request and its answer, but not what concerns one connection', async () => {
        const { caller: client, sides } = await between(
          answering(
            'HTTP/1.1 201 Made \xe4\r\nContent-Length: 2\r\nX-A: \xfc\r\nX-Withheld: 1\r\nKeep-Alive: 5\r\nConnection: X-Hop\r\nX-Hop: 1\r\nDate: then\r\n\r\nok',
            'abc',
          ),
        );
        client.write(
          'PUT /%2f?a HTTP/1.1\r\nHost: h:1\r\nX-B: \xe4\r\nTE: trailers\r\nConnection: X-Mine\r\nX-Mine: 1\r\nProxy-Authorization: p\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n',
        );
        await client.hears('100 Continue\r\n\r\n');
        client.write('abc');
        expect(await client.hears('\r\n\r\nok')).toBe(
          'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made \xe4\r\nContent-Length: 2\r\nX-A: \xfc\r\nDate: then\r\nX-Added: yes\r\n\r\nok',
        );
        expect(sides[0]!.received).toBe('PUT /%2f?a HTTP/1.1\r\nHost: h:1\r\nX-B: \xe4\r\nContent-Length: 3\r\n\r\nabc');
        expect(outcomes).toEqual([201]);
      });

      it('a length that Connection names, so that the body cannot become a request', async () => {
        const { caller: client, sides } = await between(answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
        client.write('POST / HTTP/1.1\r\nHost: h\r\nConnection: content-length, host\r\nContent-Length: 3\r\n\r\nabc');
        await client.hears('200 OK');
        expect(sides[0]!.received).toBe('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc');
      });

      it('an answer whose length Connection names, so that it ends where it ends', async () => {
        const { caller: client } = await between(answering('HTTP/1.1 200 OK\r\nConnection: keep-alive, content-length\r\nContent-Length: 2\r\n\r\nok'));
        client.write(GET.repeat(2));
        await soon(() => outcomes.length === 2);
        expect((await client.hears('ok')).match(/Content-Length: 2/g)).toHaveLength(2);
      });

      it.each(['POST', 'PUT', 'PATCH'])('that %s has no body', async (method) => {
        const { caller: client, sides } = await between(answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
        client.write(`${method} / HTTP/1.1\r\nHost: h\r\n\r\n`);
        await client.hears('ok');
        expect(sides[0]!.received).toBe(`${method} / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n`);
      });

      it('a body in chunks with its trailers, both ways', async () => {
        const { caller: client, sides } = await between((side) => {
          side.socket.on('data', () => {
            if (side.received.endsWith('T: u\r\n\r\n')) side.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nV: w\r\nContent-Type: a/b\r\n\r\n');
          });
        });
        client.write('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nHost: evil\r\nT: u\r\n\r\n');
        expect(await client.hears('V: w\r\n\r\n')).toMatch(/Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nV: w\r\n\r\n$/);
        expect(sides[0]!.received).toMatch(/Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: u\r\n\r\n$/);
      });

      it('the body it is given in place of the request’s own', async () => {
        const { caller: client, sides } = await between(answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), { body: Buffer.from('other') });
        client.write('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
        await client.hears('200 OK');
        expect(sides[0]!.received).toMatch(/Content-Length: 5\r\n\r\nother$/);
        expect(sides[0]!.received).not.toContain('chunked');
      });

      it.each([
        ['of HTTP/1.0 that lasts until the end', 'HTTP/1.0 200 OK\r\n\r\nall', '3\r\nall\r\n0\r\n\r\n'],
        ['of HTTP/1.1 that lasts until the end', 'HTTP/1.1 200 OK\r\n\r\nall', '3\r\nall\r\n0\r\n\r\n'],
        ['behind interim answers', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall', '\r\n\r\nall'],
        ['without a body', 'HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n', 'X-Added: yes\r\n'],
      ])('an answer %s', async (_, answer, expected) => {
        const { caller: client } = await between((side) => {
          side.socket.on('data', () => side.socket.end(answer, 'latin1'));
        });
        client.write(GET);
        await client.hears(expected);
        await soon(() => outcomes.length === 1);
        expect(client.received.match(/HTTP\/1.1 /g)).toHaveLength(1);
      });

      it('the answer to HEAD, whose length is of no body', async () => {
        const { caller: client } = await between(answering('HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n'));
        for (let i = 1; i <= 2; i++) {
          client.write('HEAD / HTTP/1.1\r\nHost: x\r\n\r\n');
          await soon(() => outcomes.length === i);
        }
        await soon(() => client.received.split('Content-Length: 300').length === 3);
      });

      it('large bodies both ways at a time, whole, through Node’s server and client', async () => {
        const server = createServer((req, res) => req.pipe(res));
        const port = await inFrontOf(await listening(server));
        const size = 30 * MEGABYTE;
        const got = await new Promise<number>((resolve, reject) => {
          const asked = request({ port, method: 'POST', headers: { 'Content-Length': size } }, (answer) => {
            let bytes = 0;
            answer.on('data', (chunk: Buffer) => (bytes += chunk.byteLength));
            answer.on('end', () => resolve(bytes));
          });
          asked.on('error', reject);
          asked.end(Buffer.alloc(size));
        });
        expect(got).toBe(size);
      });

      it('an answer no faster than the caller takes it', async () => {
        let written = 0;
        const piece = Buffer.alloc(64 * 1024);
        const { caller: client } = await between((side) => {
          const more = () => {
            while (written < 2_000) {
              written++;
              if (!side.write(piece)) return;
            }
          };
          side.socket.once('data', () => {
            side.write(`HTTP/1.1 200 OK\r\nContent-Length: ${2_000 * piece.byteLength}\r\n\r\n`);
            more();
          });
          side.socket.on('drain', more);
        });
        client.pause();
        client.write(GET);
        await sleep(500);
        const before = written;
        expect(before * piece.byteLength).toBeLessThan(40 * MEGABYTE);
        await sleep(200);
        expect(written).toBe(before);
        client.resume();
        await soon(() => written === 2_000);
      });

      it('a body no faster than the other side takes it', async () => {
        const { caller: client, sides } = await between((side) => side.socket.pause());
        const size = 60 * MEGABYTE;
        client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
        let out = false;
        client.write(Buffer.alloc(size), () => (out = true));
        await sleep(500);
        expect(out).toBe(false);
        sides[0]!.socket.resume();
        await soon(() => out);
      });
    });

    describe('keeps connections', () => {
      it('for the next exchange, also after an answer that the caller took slowly', async () => {
        const big = Buffer.alloc(5 * MEGABYTE, 'a');
        const { caller: client, sides } = await between((side) => {
          side.socket.on('data', () => {
            side.write(`HTTP/1.1 200 OK\r\nContent-Length: ${big.byteLength}\r\n\r\n`);
            side.write(big);
          });
        });
        for (let i = 1; i <= 3; i++) {
          client.pause();
          client.write(GET);
          await sleep(100);
          client.resume();
          await soon(() => client.received.length > i * big.byteLength);
        }
        expect(outcomes).toEqual([200, 200, 200]);
        expect(sides).toHaveLength(1);
      });

      it.each([
        ['the other side says it closes', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na'],
        ['the other side speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na'],
        ['there is more than the answer', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'],
        ['the other side keeps them for a second only', 'HTTP/1.1 200 OK\r\nKeep-Alive: max=5, timeout=1\r\nContent-Length: 1\r\n\r\na'],
      ])('but not when %s', async (_, answer) => {
        const { caller: client, sides } = await between(answering(answer));
        client.write(GET);
        await soon(() => outcomes.length === 1);
        client.write(GET);
        await soon(() => outcomes.length === 2);
        expect(outcomes).toEqual([200, 200]);
        expect(sides).toHaveLength(2);
        expect(client.received).not.toContain('evil');
      });

      it.each([
        ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n'],
        ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
        ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 40\r\n\r\n'],
        ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 40\r\n\r\n'],
        ['GET', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n'],
      ])('but not where bytes are announced that must not come, and may all the same (%s, %j)', async (method, answer) => {
        const { caller: client, sides } = await between((side, index) => side.socket.on('data', () => side.write(index === 0 ? answer : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')));
        client.write(`${method} / HTTP/1.1\r\nHost: x\r\n\r\n`);
        await soon(() => outcomes.length === 1);
        await rested();
        client.write(GET);
        await soon(() => outcomes.length === 2);
        sides[0]!.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
        expect(await client.hears('ok')).not.toContain('evil');
        expect(sides).toHaveLength(2);
      });

      it('but not one that the other side closes behind its answer, without a word, while calls wait', async () => {
        const { port } = await between((side) => side.socket.on('data', () => side.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na')));
        const client = await caller(port);
        client.write(GET.repeat(6));
        await soon(() => outcomes.length === 6);
        expect(outcomes).toEqual([200, 200, 200, 200, 200, 200]);
      });

      it('and drops one that says something unasked', async () => {
        const { caller: client, sides } = await between(answering('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na'));
        client.write(GET);
        await client.hears('\r\n\r\na');
        sides[0]!.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
        await soon(() => sides[0]!.ended || sides[0]!.closed);
        client.write(GET);
        await soon(() => outcomes.length === 2);
        expect(client.received).not.toContain('evil');
      });

      it('and closes those that nobody uses', async () => {
        const { caller: client, sides } = await between(answering('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na'));
        client.write(GET);
        await client.hears('\r\n\r\na');
        await soon(() => sides[0]!.ended);
      });

      /** Answers the first request on each connection; the second one gets it closed. */
      const onceEach = (side: Side, index: number) => {
        let asked = 0;
        side.socket.on('data', () => {
          if (++asked === 1) side.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na');
          else if (index < 5) side.socket.destroy();
        });
      };

      it.each([
        ['GET', GET],
        ['POST without a body', 'POST / HTTP/1.1\r\nHost: x\r\n\r\n'],
        ['GET with a body', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na'],
      ])('that turn out to be closed: does not send %s once more', async (_, text) => {
        const { caller: client, sides } = await between(onceEach);
        client.write(GET);
        await client.hears('\r\n\r\na');
        await rested();
        client.write(text);
        await client.hears('HTTP/1.1 502');
        expect(outcomes).toEqual([200, 'replica-failed']);
        expect(sides).toHaveLength(1);
      });

      it('that close within an answer: does not send it once more', async () => {
        const { caller: client, sides } = await between((side) => {
          let asked = 0;
          side.socket.on('data', () => {
            if (++asked === 1) side.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na');
            else side.socket.end('HTTP/1.1 2');
          });
        });
        client.write(GET);
        await client.hears('\r\n\r\na');
        await rested();
        client.write(GET);
        await client.hears('HTTP/1.1 502');
        expect(sides).toHaveLength(1);
      });
    });

    describe('fails', () => {
      it('with replica-unreachable when nobody listens', async () => {
        const server = createTcpServer();
        const free = await listening(server);
        await new Promise((resolve) => server.close(resolve));
        const client = await caller(await inFrontOf(free));
        client.write(GET);
        await client.hears('HTTP/1.1 502');
        expect(outcomes).toEqual(['replica-unreachable']);
      });

      it.each([
        ['is none', 'nonsense\r\n\r\n'],
        ['has both a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
        ['has two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
        ['ends its lines with LF', 'HTTP/1.1 200 OK\nContent-Length: 1\n\na'],
        ['changes to a protocol that nobody asked for', SWITCHED],
        ['begins with too many interim answers', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(40)],
      ])('with replica-failed when the answer %s', async (_, answer) => {
        const { caller: client, sides } = await between(answering(answer));
        client.write(GET);
        expect(await client.hears('HTTP/1.1 502')).not.toContain('200 OK');
        expect(outcomes).toEqual(['replica-failed']);
        await soon(() => sides[0]!.ended || sides[0]!.closed);
      });

      it.each([
        ['closed', (side: Side) => side.socket.destroy()],
        ['reset', (side: Side) => side.socket.resetAndDestroy()],
      ])('with replica-failed when the connection is %s before an answer', async (_, leave) => {
        const { caller: client } = await between((side) => side.socket.on('data', () => leave(side)));
        client.write(GET);
        await client.hears('HTTP/1.1 502');
        expect(outcomes).toEqual(['replica-failed']);
      });

      it.each([
        ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart', GET],
        ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n', GET],
        ['broken chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\nx\r\n', GET],
        ['chunks, for HTTP/1.0', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n', 'GET / HTTP/1.0\r\n\r\n'],
      ])('by cutting the caller off when an answer with %s breaks off', async (_, answer, asked) => {
        const { caller: client } = await between((side) => {
          side.socket.on('data', () => {
            side.write(answer);
            setTimeout(() => side.socket.destroy(), 30);
          });
        });
        client.write(asked);
        await client.until(() => client.ended || client.closed, 'cut');
        expect(client.received).not.toContain('0\r\n\r\n');
        if (asked !== GET) await client.until(() => client.broken, 'reset');
        expect(outcomes).toEqual(['replica-failed']);
      });

      it('by cutting the caller off when an answer that lasts until the end is reset', async () => {
        const { caller: client } = await between((side) => {
          side.socket.on('data', () => {
            side.write('HTTP/1.1 200 OK\r\n\r\npart');
            setTimeout(() => side.socket.resetAndDestroy(), 50);
          });
        });
        client.write(GET);
        await client.until(() => client.ended || client.closed, 'cut');
        expect(client.received).not.toContain('0\r\n\r\n');
        expect(outcomes).toEqual(['replica-failed']);
      });

      it('as it is told to when it takes too long, and leaves the other side a moment', async () => {
        const { caller: client, sides } = await between(() => undefined, { limitMs: 100 });
        client.write(GET);
        await client.hears('HTTP/1.1 504');
        expect(outcomes).toEqual(['exec-timeout']);
        expect(sides[0]!.ended).toBe(false);
        await soon(() => sides[0]!.ended || sides[0]!.closed);
      });

      it('by cutting the caller off when the answer takes too long', async () => {
        const { caller: client } = await between(answering('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart'), { limitMs: 100 });
        client.write(GET);
        expect(await client.ends()).toMatch(/part$/);
        expect(outcomes).toEqual(['exec-timeout']);
      });

      it('and does not give the connection of an answer that took too long to another exchange', async () => {
        let whole = false;
        const { port, sides } = await between((side, index) => {
          side.socket.on('data', () => {
            if (index > 0) return void side.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb');
            side.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na');
            setTimeout(() => (whole = side.write('a')), 300);
          });
        }, { limitMs: 100 });
        const slow = await caller(port);
        slow.write(GET);
        await slow.ends();
        await soon(() => whole);
        const next = await caller(port);
        next.write(GET);
        await next.hears('\r\n\r\nb');
        expect(sides).toHaveLength(2);
      });

      it('with client-closed when the caller leaves, and closes the connection', async () => {
        const { caller: client, sides } = await between(() => undefined);
        client.write(GET);
        await soon(() => sides[0]?.received !== undefined && sides[0].received.length > 0);
        client.destroy();
        await soon(() => sides[0]!.ended || sides[0]!.closed);
        expect(outcomes).toEqual(['client-closed']);
      });

      it('with client-closed when the caller leaves within its body', async () => {
        const { caller: client, sides } = await between(() => undefined);
        client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
        await soon(() => sides[0]?.received.endsWith('abc') === true);
        client.destroy();
        await soon(() => sides[0]!.ended || sides[0]!.closed);
        expect(outcomes).toEqual(['client-closed']);
      });
    });

    describe('passes on an answer that comes before the body was read', () => {
      const TOO_LARGE = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig';
      const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${50 * MEGABYTE}\r\n\r\n`;

      it.each<[string, (side: Side) => void]>([
        ['from one that goes on without reading', (side) => side.socket.once('data', () => side.socket.pause().write(TOO_LARGE))],
        ['from one that ends its half', (side) => side.socket.once('data', () => side.socket.pause().end(TOO_LARGE))],
        ['from one that closes', (side) => side.socket.once('data', () => side.socket.end(TOO_LARGE, () => side.socket.destroy()))],
      ])('%s', async (_, played) => {
        for (let i = 0; i < 10; i++) {
          const { caller: client } = await between(played);
          client.write(head);
          for (let n = 0; n < 50; n++) client.write(Buffer.alloc(MEGABYTE));
          expect(await client.ends()).toMatch(/HTTP\/1.1 413 [^]*Connection: close\r\n[^]*big$/);
          expect(outcomes).toEqual([413]);
          client.destroy();
        }
      });

      it('from Node’s server', async () => {
        const server = createServer((_req: IncomingMessage, res) => res.writeHead(413).end('big'));
        const port = await inFrontOf(await listening(server));
        for (let i = 0; i < 10; i++) {
          const client = await caller(port);
          client.write(head);
          for (let n = 0; n < 50; n++) client.write(Buffer.alloc(MEGABYTE));
          expect(await client.ends()).toMatch(/HTTP\/1.1 413 [^]*big/);
          client.destroy();
        }
      });
    });

    describe('joins a WebSocket', () => {
      it('both ways, what either side sent early among it, until the caller ends', async () => {
        const { caller: client, sides } = await between((side) => side.socket.once('data', () => side.write(`${SWITCHED}hello`)));
        client.write(`${WEB_SOCKET}early`);
        expect(await client.hears('hello')).toMatch(/^HTTP\/1.1 101 [^]*X-Added: yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello$/);
        expect(await sides[0]!.hears('early')).toMatch(/Sec-WebSocket-Key: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly$/);
        client.write('\xff\x00');
        await sides[0]!.hears('\xff\x00');
        sides[0]!.write('\x80\n');
        await client.hears('\x80\n');
        client.write('bye');
        client.end();
        await sides[0]!.hears('bye');
        await soon(() => sides[0]!.ended);
        sides[0]!.socket.end();
        await soon(() => outcomes.length === 1);
        expect(outcomes).toEqual([101]);
        await client.until(() => client.closed, 'closed');
      });

      it('until the other side ends, and gives the caller all that it sent', async () => {
        const { caller: client, sides } = await between((side) => side.socket.once('data', () => side.write(SWITCHED)));
        client.write(WEB_SOCKET);
        await client.hears('101');
        client.pause();
        sides[0]!.socket.end(Buffer.alloc(MEGABYTE, 'z'));
        client.resume();
        expect(await client.ends()).toMatch(/z{1048576}$/);
        await soon(() => outcomes.length === 1);
      });

      it('until one side is gone that says nothing any more', async () => {
        const { caller: client, sides } = await between((side) => side.socket.once('data', () => side.write(SWITCHED)));
        client.write(WEB_SOCKET);
        await client.hears('101');
        client.reset();
        await soon(() => sides[0]!.ended);
        await soon(() => outcomes.length === 1);
        sides[0]!.socket.destroy();
      });

      it('for as long as something is said', async () => {
        const { caller: client } = await between((side) => side.socket.once('data', () => side.write(SWITCHED)), { limitMs: 300 });
        client.write(WEB_SOCKET);
        await client.hears('101');
        for (let i = 0; i < 5; i++) {
          client.write('x');
          await sleep(100);
        }
        expect(client.ended).toBe(false);
        await client.ends();
        expect(outcomes.length).toBeLessThanOrEqual(1);
      });

      it('with back-pressure', async () => {
        const { caller: client, sides } = await between((side) => side.socket.once('data', () => side.write(SWITCHED)));
        client.write(WEB_SOCKET);
        await client.hears('101');
        sides[0]!.socket.pause();
        let out = false;
        client.write(Buffer.alloc(60 * MEGABYTE), () => (out = true));
        await sleep(300);
        expect(out).toBe(false);
        sides[0]!.socket.resume();
        await soon(() => out);
      });

      it('not when the other side declines: its answer is an ordinary one', async () => {
        const { caller: client } = await between(answering('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno'));
        client.write(WEB_SOCKET);
        await client.hears('\r\n\r\nno');
        client.write(GET);
        await soon(() => outcomes.length === 2);
        expect(outcomes).toEqual([426, 426]);
      });
    });
  });
}
