import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { aRequest, cut, cuts, several, stream } from '../../../../test/contracts/arbitrary-messages';
import { RawClient } from '../../../../test/contracts/raw-client';
import type { Exchange } from './exchange';
import { HttpServer, type HttpServerOptions } from './http-server';
import { NodeSockets } from './node-sockets';

const LIMITS: HttpServerOptions = { maxHeadBytes: 8_192, headTimeoutMs: 30_000, requestTimeoutMs: 30_000, keepAliveMs: 30_000 };
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
const LENGTH = SMUGGLED.length;
const turn = () => new Promise(setImmediate);

/** What a server was asked on one connection: of each request that was whole, in turn. */
interface Asked {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

describe('HttpServer, attacked,', () => {
  let server: HttpServer;
  let port: number;
  let handle: (exchange: Exchange) => void;
  /** By the caller's port. */
  const asked = new Map<number, Asked[]>();
  const clients: RawClient[] = [];

  beforeAll(async () => {
    server = new HttpServer(new NodeSockets(), LIMITS, (exchange) => handle(exchange));
    port = await server.listen(0, '127.0.0.1');
  });
  beforeEach(() => (handle = readAndAnswer));
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });
  afterAll(() => server.close());

  function note(caller: number, one: Asked): void {
    const list = asked.get(caller);
    if (list) list.push(one);
    else asked.set(caller, [one]);
  }

  function readAndAnswer(exchange: Exchange): void {
    const { method, target, rawHeaders, peer } = exchange;
    let body = '';
    exchange.readBody({
      data: (chunk) => (body += chunk.toString('latin1')),
      end: (trailers) => {
        note(peer.port, { method, target, rawHeaders, body, trailers });
        exchange.send(200, []);
      },
    });
  }

  async function open(to = port): Promise<RawClient> {
    const client = await RawClient.connect(to);
    clients.push(client);
    return client;
  }

  /** Sends pieces, each in a packet, and then the end; resolves with all that came back. */
  async function send(pieces: readonly (Buffer | string)[], to = port): Promise<RawClient> {
    const client = await open(to);
    for (const piece of pieces) {
      client.write(piece);
      await turn();
    }
    client.end();
    await client.ends();
    return client;
  }

  const post = (headers: string, body: string) => `POST /first HTTP/1.1\r\nHost: x\r\n${headers}\r\n${body}`;
  const chunked = (body: string) => post('Transfer-Encoding: chunked\r\n', body);

  describe('lets nobody smuggle a request', () => {
    it.each<[string, string]>([
      ['by a length beside chunks', post(`Content-Length: ${LENGTH + 5}\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${SMUGGLED}`)],
      ['by chunks beside a length', post(`Transfer-Encoding: chunked\r\nContent-Length: 4\r\n`, `5c\r\n${SMUGGLED}\r\n0\r\n\r\n`)],
      ['by chunks beside a length of nothing', post(`Content-Length: 0\r\nTransfer-Encoding: chunked\r\n`, SMUGGLED)],
      ['by two lengths', post(`Content-Length: 0\r\nContent-Length: ${LENGTH}\r\n`, SMUGGLED)],
      ['by a list of lengths', post(`Content-Length: 0, ${LENGTH}\r\n`, SMUGGLED)],
      ['by a length with a sign', post(`Content-Length: +0\r\n`, SMUGGLED)],
      ['by a length below nothing', post(`Content-Length: -1\r\n`, SMUGGLED)],
      ['by a length in hexadecimal', post(`Content-Length: 0x0\r\n`, SMUGGLED)],
      ['by an empty length', post(`Content-Length: \r\n`, SMUGGLED)],
      ['by a length with a blank within', post(`Content-Length: 0 0\r\n`, SMUGGLED)],
      ['by a length that wraps around', post(`Content-Length: 18446744073709551616\r\n`, SMUGGLED)],
      ['by a blank before the colon of a length', post(`Content-Length : 0\r\n`, SMUGGLED)],
      ['by a blank before the colon of the chunks', post(`Transfer-Encoding : chunked\r\n`, `0\r\n\r\n${SMUGGLED}`)],
      ['by a tab before the colon of the chunks', post(`Transfer-Encoding\t: chunked\r\n`, `0\r\n\r\n${SMUGGLED}`)],
      ['by a coding behind a vertical tab', post(`Transfer-Encoding: \x0bchunked\r\n`, `0\r\n\r\n${SMUGGLED}`)],
      ['by a coding in quotes', post(`Transfer-Encoding: "chunked"\r\n`, `0\r\n\r\n${SMUGGLED}`)],
      ['by a coding that only begins alike', post(`Transfer-Encoding: chunkedx\r\n`, `0\r\n\r\n${SMUGGLED}`)],
      ['by a coding behind chunks', post(`Transfer-Encoding: chunked, identity\r\n`, `0\r\n\r\n${SMUGGLED}`)],
      ['by a coding before chunks', post(`Transfer-Encoding: identity, chunked\r\n`, `0\r\n\r\n${SMUGGLED}`)],
      ['by an empty coding', post(`Transfer-Encoding:\r\n`, SMUGGLED)],
      ['by codings in two headers', post(`Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n`, `0\r\n\r\n${SMUGGLED}`)],
      ['by a folded coding', post(`Transfer-Encoding:\r\n chunked\r\n`, `0\r\n\r\n${SMUGGLED}`)],
      ['by a coding behind LF', post(`A: b\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${SMUGGLED}`)],
      ['by a coding behind CR', post(`A: b\rTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${SMUGGLED}`)],
      ['by a NUL in the name of a coding', post(`Transfer-Encoding\0: chunked\r\n`, `0\r\n\r\n${SMUGGLED}`)],
      ['by chunks of HTTP/1.0', `POST /first HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n${SMUGGLED}`],
      ['by an end of the head in LF', `POST /first HTTP/1.1\r\nHost: x\r\n\n${SMUGGLED}`],
      ['by a chunk size with 0x', chunked(`0x0\r\n\r\n${SMUGGLED}`)],
      ['by a chunk size with a sign', chunked(`-0\r\n\r\n${SMUGGLED}`)],
      ['by a chunk size with a blank', chunked(`0 \r\n\r\n${SMUGGLED}`)],
      ['by a chunk size that wraps around', chunked(`10000000000000000\r\n\r\n${SMUGGLED}`)],
      ['by a chunk size that ends in LF', chunked(`0\n\r\n${SMUGGLED}`)],
      ['by a chunk size that ends in CR', chunked(`0\r\r\n${SMUGGLED}`)],
      ['by a chunk extension that ends in LF', chunked(`1;a\nb\r\nx\r\n0\r\n\r\n${SMUGGLED}`)],
      ['by a chunk extension with an end of line in quotes', chunked(`1;a="\r\n0\r\n\r\n${SMUGGLED}`)],
      ['by a chunk that is longer than it says', chunked(`1\r\nab\r\n0\r\n\r\n${SMUGGLED}`)],
      ['by a chunk without an end', chunked(`1\r\na0\r\n\r\n${SMUGGLED}`)],
      ['by a chunk that ends in LF', chunked(`1\r\na\n0\r\n\r\n${SMUGGLED}`)],
      ['by a length in the trailers', chunked(`0\r\nContent-Length: 0\r\n\r\n${SMUGGLED}`)],
      ['by a trailer that ends in LF', chunked(`0\r\na: b\n\r\n${SMUGGLED}`)],
      ['by two Hosts', `GET /first HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n${SMUGGLED}`],
      ['by a Host that holds another', `GET /first HTTP/1.1\r\nHost: x/y\r\n\r\n${SMUGGLED}`],
      ['by a folded first line', `GET /first HTTP/1.1\r\n Host: x\r\n\r\n${SMUGGLED}`],
      ['by a target with an end of line', `GET /first\rHTTP/1.1 HTTP/1.1\r\nHost: x\r\n\r\n${SMUGGLED}`],
    ])('%s', async (_, text) => {
      for (const pieces of [[text], [...text]]) {
        const client = await open();
        for (const piece of pieces) client.write(piece);
        expect(await client.ends()).toMatch(/^HTTP\/1\.1 (400|501) /);
        expect(client.received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
        expect(asked.get(client.localPort)).toBeUndefined();
        client.destroy();
      }
    });

    it.each<[string, string, string]>([
      ['in the body of GET', `GET /first HTTP/1.1\r\nHost: x\r\nContent-Length: ${LENGTH}\r\n\r\n${SMUGGLED}`, SMUGGLED],
      ['in the body of HEAD', `HEAD /first HTTP/1.1\r\nHost: x\r\nContent-Length: ${LENGTH}\r\n\r\n${SMUGGLED}`, SMUGGLED],
      ['in the body of who offers another protocol', post(`Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: ${LENGTH}\r\n`, SMUGGLED), SMUGGLED],
      ['in chunks, whatever case they are said in', post('tRANSFER-eNCODING: cHUNKED\r\n', `${LENGTH.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`), SMUGGLED],
      ['in a chunk extension', chunked(`1;a="${'0'.repeat(50)}"\r\nx\r\n0\r\n\r\n`), 'x'],
      ['behind one that is the last', `GET /first HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n${SMUGGLED}`, ''],
      ['behind one that is the last, of HTTP/1.0', `GET /first HTTP/1.0\r\n\r\n${SMUGGLED}`, ''],
    ])('%s', async (_, text, body) => {
      for (const pieces of [[text], [...text]]) {
        const client = await send(pieces);
        expect(asked.get(client.localPort)).toMatchObject([{ target: '/first', body }]);
        expect(client.received.match(/HTTP\/1\.1 200 /g)).toHaveLength(1);
        client.destroy();
      }
    });

    it('in the second half of a head whose first half came while the caller took no answers', async () => {
      const answer = Buffer.alloc(100_000, 97);
      handle = (exchange) => {
        note(exchange.peer.port, { method: exchange.method, target: exchange.target, rawHeaders: exchange.rawHeaders, body: '', trailers: [] });
        setImmediate(() => exchange.send(200, [], answer));
      };
      // At which of them the caller's buffers are full depends on the system.
      const talk = async (count: number) => {
        const client = await open();
        client.pause();
        client.write(`${'GET /first HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(count)}GET /last HTTP/1.1\r\nX: `);
        for (let i = 0; i < 2 * count; i++) await turn();
        client.resume();
        await client.until(() => client.received.length > count * answer.byteLength, 'heard all answers');
        client.write('GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n');
        await client.until(() => client.received.length > (count + 1) * answer.byteLength, 'heard the last answer');
        expect(asked.get(client.localPort)!.at(-1)).toMatchObject({ target: '/last', rawHeaders: ['X', 'GET /smuggled HTTP/1.1', 'Host', 'x'] });
        client.destroy();
      };
      for (let count = 20; count <= 70; count++) await talk(count);
    });

    it('in a body that is refused before it has come', async () => {
      handle = (exchange) => {
        note(exchange.peer.port, { method: '', target: exchange.target, rawHeaders: [], body: '', trailers: [] });
        exchange.send(413, []);
      };
      const client = await open();
      client.write(post(`Content-Length: ${LENGTH}\r\n`, ''));
      await client.hears('413');
      client.write(SMUGGLED);
      expect((await client.ends()).match(/HTTP\/1\.1 /g)).toHaveLength(1);
      expect(asked.get(client.localPort)).toMatchObject([{ target: '/first' }]);
    });
  });

  describe('keeps nothing of callers that leave', () => {
    it.each<[string, string]>([
      ['having said nothing', ''],
      ['within a first line', 'GET /'],
      ['within a head', 'GET / HTTP/1.1\r\nHost: x\r\nA: b'],
      ['within a body', post('Content-Length: 10\r\n', 'abc')],
      ['within a chunk', chunked('5\r\nab')],
      ['within the trailers', chunked('0\r\na: b\r\n')],
      ['behind a request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ])('%s, by an end or by a reset', async (_, text) => {
      const own = new HttpServer(new NodeSockets(), LIMITS, readAndAnswer);
      const ownPort = await own.listen(0, '127.0.0.1');
      for (const leave of ['end', 'reset', 'destroy'] as const) {
        const client = await open(ownPort);
        await new Promise<void>((resolve) => client.write(text, resolve));
        client[leave]();
        if (leave === 'end') {
          await client.ends();
          client.destroy();
        }
      }
      // It has forgotten them all.
      await own.close();
    });
  });

  it('refuses a head with more lines than it takes, before it has come whole', async () => {
    const client = await open();
    client.write(`GET / HTTP/1.1\r\nHost: x\r\n${'a:\r\n'.repeat(5_000)}`);
    expect(await client.ends()).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('has room for so many long heads only, and again when they are gone', async () => {
    const own = new HttpServer(new NodeSockets(), { ...LIMITS, maxHeadBytes: 4 * 1024 * 1024 }, readAndAnswer);
    const ownPort = await own.listen(0, '127.0.0.1');
    const head = `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(4_000_000)}`;
    const many = await Promise.all(Array.from({ length: 24 }, () => open(ownPort)));
    for (const client of many) client.write(head);
    const refused = () => many.filter(({ received }) => received.startsWith('HTTP/1.1 429 '));
    while (refused().length < 8) await turn();
    // What is short needs no room of theirs.
    expect((await send(['GET / HTTP/1.1\r\nHost: x\r\n\r\n'], ownPort)).received).toMatch(/^HTTP\/1\.1 200 /);
    // Those that were told to go on get their answers.
    for (const client of many) if (client.received === '') client.write('\r\n\r\n');
    await Promise.all(many.map((client) => client.until(() => /^HTTP\/1\.1 (200|429) /.test(client.received), 'answered')));
    expect(many.filter(({ received }) => received.startsWith('HTTP/1.1 200 ')).length).toBeGreaterThanOrEqual(12);
    for (let i = 0; i < 3; i++) for (const client of await Promise.all(Array.from({ length: 12 }, () => send([`${head}\r\n\r\n`], ownPort)))) expect(client.received).toMatch(/^HTTP\/1\.1 200 /);
    for (const client of clients.splice(0)) client.destroy();
    await own.close();
  });

  it('serves others while many callers are slow', async () => {
    const slow = await Promise.all(Array.from({ length: 300 }, () => open()));
    for (const [i, client] of slow.entries()) client.write(['G', 'GET / HTTP/1.1\r\nHost: ', post('Content-Length: 9\r\n', 'a'), ''][i % 4]!);
    const client = await send(['GET / HTTP/1.1\r\nHost: x\r\n\r\n']);
    expect(client.received).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('answers bytes by chance with a refusal or not at all, and goes on', async () => {
    const junk = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.array(fc.constantFrom('\r', '\n', ' ', ':', 'GET / HTTP/1.1', '0', 'a', '\0'), { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''))));
    await fc.assert(
      fc.asyncProperty(junk, cuts, async (bytes, places) => {
        const client = await send(cut(Buffer.from(bytes), places));
        expect(client.received).toMatch(/^(HTTP\/1\.1 (400|431|501|505) [^]*)?$/);
        client.destroy();
      }),
      { numRuns: 200 },
    );
    expect((await send(['GET / HTTP/1.1\r\nHost: x\r\n\r\n'])).received).toMatch(/^HTTP\/1\.1 200 /);
  });

  describe('beside a server of Node', () => {
    let node: Server;
    let nodePort: number;
    const unknownMethod = new Set<number>();

    beforeAll(async () => {
      node = createServer((req: IncomingMessage, res) => {
        const { method = '', url = '', rawHeaders } = req;
        let body = '';
        req.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
        req.on('error', () => undefined);
        req.on('end', () => {
          note(req.socket.remotePort!, { method, target: url, rawHeaders, body, trailers: req.rawTrailers });
          res.end();
        });
      });
      node.on('clientError', (error: NodeJS.ErrnoException, socket) => {
        if (error.code === 'HPE_INVALID_METHOD') unknownMethod.add((socket as unknown as IncomingMessage['socket']).remotePort!);
        // Those that came whole before are still to be told of.
        setImmediate(() => socket.destroy());
      });
      nodePort = await new Promise((resolve) => node.listen(0, '127.0.0.1', () => resolve((node.address() as AddressInfo).port)));
    });
    afterAll(() => new Promise((resolve) => node.close(resolve)));

    async function both(pieces: readonly Buffer[]): Promise<{ readonly ours: readonly Asked[]; readonly theirs: readonly Asked[]; readonly received: string; readonly comparable: boolean }> {
      const [mine, other] = await Promise.all([send(pieces), send(pieces, nodePort)]);
      const of = ({ localPort }: RawClient) => asked.get(localPort) ?? [];
      const result = { ours: of(mine), theirs: of(other), received: mine.received, comparable: !unknownMethod.delete(other.localPort) };
      asked.clear();
      for (const client of [mine, other]) client.destroy();
      clients.length = 0;
      return result;
    }

    it('hears the same of any requests, in any pieces, and answers each', async () => {
      await fc.assert(
        fc.asyncProperty(several(aRequest), cuts, async (text, places) => {
          const { ours, theirs, received } = await both(cut(Buffer.from(text, 'latin1'), places));
          expect(ours).toEqual(theirs);
          expect(received.match(/HTTP\/1\.1 200 /g)).toHaveLength(ours.length);
        }),
        { numRuns: 300 },
      );
    });

    it.each<[string, (exchange: Exchange) => void]>([
      ['', readAndAnswer],
      [', also when its handler takes its time', (exchange) => void setImmediate(() => readAndAnswer(exchange))],
    ])('hears nothing that it does not hear, nor anything otherwise, of requests that were tampered with%s', async (_, handler) => {
      handle = handler;
      let compared = 0;
      await fc.assert(
        fc.asyncProperty(stream(aRequest), cuts, async (whole, places) => {
          const { ours, theirs, received, comparable } = await both(cut(whole, places));
          const answers = received.match(/HTTP\/1\.1 (\d+) /g) ?? [];
          expect(answers.filter((answer) => answer.includes(' 200 '))).toHaveLength(ours.length);
          expect(answers.length).toBeLessThanOrEqual(ours.length + 1);
          if (!comparable) return;
          expect(ours).toEqual(theirs.slice(0, ours.length));
          compared += ours.length;
        }),
        { numRuns: 500 },
      );
      expect(compared).toBeGreaterThan(200);
    });
  });
});
