import fc from 'fast-check';
import { aRequest, aResponse, cut, cuts, several, stream } from '../../../../test/contracts/arbitrary-messages';
import { MessageError, MessageParser, type MessageHead } from './message-parser';

interface Message {
  readonly head: MessageHead;
  body: string;
  trailers: readonly string[];
}

interface Parsed {
  /** Those that are whole. */
  readonly messages: Message[];
  readonly error: MessageError | undefined;
  /** Of the last one, when it is not whole. */
  readonly begun: boolean;
}

const MAX_HEAD_BYTES = 512;

function parse(kind: 'request' | 'response', pieces: readonly Buffer[], { ended = false, toHead = false } = {}): Parsed {
  const messages: Message[] = [];
  let current: Message | undefined;
  const parser = new MessageParser(kind, MAX_HEAD_BYTES, {
    head: (head) => {
      current = { head, body: '', trailers: [] };
      return toHead ? 'no-body' : undefined;
    },
    body: (chunk) => (current!.body += chunk.toString('latin1')),
    end: (trailers) => messages.push({ ...current!, trailers }),
  });
  try {
    for (const piece of pieces) {
      for (let rest = piece; rest.byteLength > 0; ) {
        if (messages.length > 0 && !messages.at(-1)!.head.keepAlive) return { messages, error: undefined, begun: false };
        parser.resume();
        rest = parser.execute(rest);
      }
    }
    if (ended) parser.finish();
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    return { messages, error, begun: false };
  }
  return { messages, error: undefined, begun: parser.begun };
}

const bytes = (text: string) => Buffer.from(text, 'latin1');
const request = (text: string) => parse('request', [bytes(text)]);
const response = (text: string, options = {}) => parse('response', [bytes(text)], options);
const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('MessageParser takes a request', () => {
  it.each<[string, string, object]>([
    ['with a length', 'POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc', { body: 'abc' }],
    ['without a body', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', { body: '' }],
    ['with a length of nothing', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', { body: '' }],
    ['in chunks', `${CHUNKED}3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n`, { body: 'abc0123456789' }],
    ['in chunks, with trailers', `${CHUNKED}1\r\na\r\n000\r\nX: 1\r\nY:\r\n\r\n`, { body: 'a', trailers: ['X', '1', 'Y', ''] }],
    ['in chunks, with extensions', `${CHUNKED}1;a;b=c;d="e;\\"f"\r\na\r\n0;last\r\n\r\n`, { body: 'a' }],
    ['after empty lines', '\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n', { body: '' }],
  ])('%s', (_, text, expected) => {
    expect(request(text)).toMatchObject({ messages: [expected], error: undefined, begun: false });
  });

  it('and keeps names, values and the target as they came, byte for byte', () => {
    const { messages } = request('gEt /%2F//{}"|?a=%0d HTTP/1.1\r\nhOsT: x:1\r\nX-Raw:\t \xfc\x80 "a"  b \t\r\nX-Raw: 2\r\n\r\n');
    expect(messages[0]!.head).toMatchObject({
      method: 'gEt',
      target: '/%2F//{}"|?a=%0d',
      headers: { flat: ['hOsT', 'x:1', 'X-Raw', '\xfc\x80 "a"  b', 'X-Raw', '2'] },
    });
  });

  it.each<[string, string, string | undefined, string]>([
    ['GET', 'http://other:81/p?q', '/p?q', 'other:81'],
    ['GET', 'HTTPS://other?q', '/?q', 'other'],
    ['OPTIONS', 'http://other', '*', 'other'],
    ['OPTIONS', '*', '*', 'x'],
    ['GET', '*', undefined, ''],
    ['GET', 'other:81', undefined, ''],
    ['GET', 'http://user@other/', undefined, ''],
    ['GET', 'http:///p', undefined, ''],
    ['GET', 'ftp://other/', undefined, ''],
    ['GET', '/a#b', undefined, ''],
    ['GET', 'path', undefined, ''],
  ])('whose target is absolute, or none: %s %s', (method, asked, target, host) => {
    const { messages, error } = request(`${method} ${asked} HTTP/1.1\r\nHost: x\r\n\r\n`);
    if (target === undefined) expect(error).toMatchObject({ status: 400 });
    else expect([messages[0]!.head.target, messages[0]!.head.headers.flat]).toEqual([target, ['Host', host]]);
  });

  it.each<[string, boolean, string]>([
    ['1.1', true, ''],
    ['1.1', false, 'Connection: close\r\n'],
    ['1.1', false, 'Connection: Keep-Alive, Close\r\n'],
    ['1.0', false, ''],
    ['1.0', true, 'Connection: Keep-Alive\r\n'],
    ['1.0', false, 'Connection: keep-alive\r\nConnection: close\r\n'],
  ])('of HTTP/%s, whose connection goes on: %s (%j)', (version, keepAlive, header) => {
    expect(request(`GET / HTTP/${version}\r\nHost: x\r\n${header}\r\n`).messages[0]!.head).toMatchObject({ keepAlive });
  });
});

describe('MessageParser refuses a request', () => {
  const head = (headers: string) => `POST / HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

  it.each<[number, string, string]>([
    [400, 'lines that end with LF', 'GET / HTTP/1.1\nHost: x\n\n'],
    [400, 'one line that ends with LF', 'GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n'],
    [400, 'a CR within a line', head('A: b\rc\r\n')],
    [400, 'a NUL in a value', head('A: b\0c\r\n')],
    [400, 'a folded line', head('A: b\r\n c\r\n')],
    [400, 'a folded first line', 'GET / HTTP/1.1\r\n Host: x\r\n\r\n'],
    [400, 'a blank before a colon', head('A : b\r\n')],
    [400, 'a header without a name', head(': b\r\n')],
    [400, 'a header without a colon', head('Ab\r\n')],
    [400, 'the last header without a colon, and a colon in the body', 'POST / HTTP/1.1\r\nHost: x\r\nAb\r\n\r\na:b'],
    [400, 'no Host', 'GET / HTTP/1.1\r\n\r\n'],
    [400, 'two Hosts', head('host: x\r\n')],
    [400, 'two Hosts in HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n'],
    [400, 'a Host with a path', 'GET / HTTP/1.1\r\nHost: x/y\r\n\r\n'],
    [400, 'a Host with a user', 'GET / HTTP/1.1\r\nHost: u@x\r\n\r\n'],
    [400, 'a Host with an empty label', 'GET / HTTP/1.1\r\nHost: x..y\r\n\r\n'],
    [400, 'a Host of a port', 'GET / HTTP/1.1\r\nHost: :80\r\n\r\n'],
    [400, 'a Host of a dot', 'GET / HTTP/1.1\r\nHost: .:80\r\n\r\n'],
    [400, 'a URL whose host is none', 'GET http://*/ HTTP/1.1\r\nHost: x\r\n\r\n'],
    [400, 'a Host with a tab before it', 'GET / HTTP/1.1\r\nHost:\tx\r\n\r\n'],
    [400, 'a length with a tab before it', head('Content-Length:\t0\r\n')],
    [400, 'a length with a tab behind it', head('Content-Length: 0\t\r\n')],
    [400, 'chunks with a tab before them', head('Transfer-Encoding: \tchunked\r\n')],
    [400, 'chunks with a tab behind them', head('Transfer-Encoding: chunked \t\r\n')],
    [400, 'two blanks in its first line', 'GET  / HTTP/1.1\r\nHost: x\r\n\r\n'],
    [400, 'a blank in its target', 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n'],
    [400, 'a target beyond ASCII', 'GET /\xe4 HTTP/1.1\r\nHost: x\r\n\r\n'],
    [400, 'a blank before the method', ' GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    [400, 'no version', 'GET /\r\nHost: x\r\n\r\n'],
    [400, 'a lower-case version', 'GET / http/1.1\r\nHost: x\r\n\r\n'],
    [505, 'HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    [505, 'HTTP/1.2', 'GET / HTTP/1.2\r\nHost: x\r\n\r\n'],
    [405, 'CONNECT', 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n'],
    [417, 'an expectation that nobody knows', head('Expect: the-unexpected\r\n')],
    [400, 'two expectations', head('Expect: 100-continue\r\nExpect: 100-continue\r\n')],
    [400, 'two authorizations', head('Authorization: Basic a\r\nauthorization: Basic b\r\n')],
    [400, 'two lengths', head('Content-Length: 1\r\nContent-Length: 2\r\n')],
    [400, 'twice the same length', head('Content-Length: 1\r\ncontent-length: 1\r\n')],
    [400, 'a list of lengths', head('Content-Length: 1, 1\r\n')],
    [400, 'a length below nothing', head('Content-Length: -1\r\n')],
    [400, 'a length with a sign', head('Content-Length: +1\r\n')],
    [400, 'a hexadecimal length', head('Content-Length: 0x1\r\n')],
    [400, 'an empty length', head('Content-Length:\r\n')],
    [400, 'a length that no number holds', head('Content-Length: 9999999999999999\r\n')],
    [400, 'a length beside chunks', head('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n')],
    [400, 'chunks beside a length of nothing', head('Transfer-Encoding: chunked\r\nContent-Length: 0\r\n')],
    [400, 'chunks in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n'],
    [400, 'chunks said twice', head('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n')],
    [501, 'a coding other than chunks', head('Transfer-Encoding: gzip\r\n')],
    [501, 'a coding beside chunks', head('Transfer-Encoding: gzip, chunked\r\n')],
    [501, 'chunks in a list', head('Transfer-Encoding: chunked, identity\r\n')],
    [501, 'chunks behind a vertical tab spelled out', head('Transfer-Encoding: xchunked\r\n')],
    [400, 'chunks behind a vertical tab', head('Transfer-Encoding: \x0bchunked\r\n')],
    [400, 'too many empty lines', `${'\r\n'.repeat(5)}GET / HTTP/1.1\r\nHost: x\r\n\r\n`],
    [400, 'another protocol', '\x16\x03\x01\x02\x00\x01\x00'],
    [431, 'a long head', head(`A: ${'b'.repeat(MAX_HEAD_BYTES)}\r\n`)],
    [431, 'a long head that does not end', `GET / HTTP/1.1\r\nA: ${'b'.repeat(MAX_HEAD_BYTES)}`],
    [400, 'a chunk without a size', `${CHUNKED}\r\n`],
    [400, 'a chunk of a size with a sign', `${CHUNKED}+1\r\na\r\n`],
    [400, 'a chunk of a size with 0x', `${CHUNKED}0x1\r\na\r\n`],
    [400, 'a chunk with a blank behind its size', `${CHUNKED}1 \r\na\r\n`],
    [400, 'a chunk of a size that no number holds', `${CHUNKED}${'f'.repeat(13)}\r\n`],
    [400, 'a chunk that is longer than it says', `${CHUNKED}1\r\nab\r\n0\r\n\r\n`],
    [400, 'a chunk that ends with LF', `${CHUNKED}1\r\na\n0\r\n\r\n`],
    [400, 'a chunk size that ends with LF', `${CHUNKED}1\na\r\n0\r\n\r\n`],
    [400, 'a chunk extension with CR', `${CHUNKED}1;a\rb\r\na\r\n0\r\n\r\n`],
    [400, 'a long chunk extension', `${CHUNKED}1;${'a'.repeat(5_000)}`],
    [400, 'many chunk extensions', `${CHUNKED}${`1;${'a'.repeat(4_000)}\r\na\r\n`.repeat(5)}`],
    [400, 'a trailer that is no header', `${CHUNKED}0\r\nA\r\n\r\n`],
    [400, 'a folded trailer', `${CHUNKED}0\r\nA: b\r\n c\r\n\r\n`],
    [400, 'a length among the trailers', `${CHUNKED}0\r\nContent-Length: 1\r\n\r\n`],
    [400, 'chunks among the trailers', `${CHUNKED}0\r\nTransfer-encoding: chunked\r\n\r\n`],
    [431, 'long trailers', `${CHUNKED}0\r\nA: ${'b'.repeat(MAX_HEAD_BYTES)}\r\n\r\n`],
  ])('%s: %s', (status, _, text) => {
    expect(request(text).error).toMatchObject({ status });
    expect(parse('request', [...bytes(text)].map((byte) => Buffer.of(byte))).error).toBeDefined();
  });

  it('with more headers than it takes', () => {
    const parser = new MessageParser('request', 1 << 20, { head: () => undefined, body: () => undefined, end: () => undefined });
    expect(() => parser.execute(bytes(`GET / HTTP/1.1\r\nHost: x\r\n${'a:\r\n'.repeat(2_000)}\r\n`))).toThrow(MessageError);
  });

  it('in a time that grows no faster than its length', () => {
    const blanks = ' '.repeat(500_000);
    const began = performance.now();
    for (const value of [`${blanks}\0`, `a${blanks}b${blanks}\x7f`, `a${blanks}b`, `${blanks}`]) {
      const parser = new MessageParser('request', 1 << 22, { head: () => undefined, body: () => undefined, end: () => undefined });
      try {
        parser.execute(bytes(`GET / HTTP/1.1\r\nHost: x\r\nA:${value}\r\n\r\n`));
      } catch (error) {
        expect(error).toBeInstanceOf(MessageError);
      }
    }
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe('MessageParser takes a response', () => {
  it.each<[string, string, object, object]>([
    ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab', { body: 'ab', head: { keepAlive: true, statusText: 'OK' } }, {}],
    ['in chunks', 'HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nT: 1\r\n\r\n', { body: 'ab', trailers: ['T', '1'] }, {}],
    ['until the end', 'HTTP/1.1 200 \xe4 b\r\n\r\nab', { body: 'ab', head: { keepAlive: false, statusText: '\xe4 b' } }, { ended: true }],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nab', { body: 'ab', head: { keepAlive: false } }, { ended: true }],
    ['of 204', 'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n', { body: '', head: { keepAlive: true } }, {}],
    ['of 304', 'HTTP/1.1 304 Not\r\nTransfer-Encoding: chunked\r\n\r\n', { body: '' }, {}],
    ['of 100', 'HTTP/1.1 100 Continue\r\n\r\n', { body: '', head: { status: 100 } }, {}],
    ['of 101', 'HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n', { head: { upgradesTo: 'websocket' } }, {}],
    ['to HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', { body: '' }, { toHead: true }],
  ])('%s', (_, text, expected, options) => {
    expect(response(text, options)).toMatchObject({ messages: [expected], error: undefined, begun: false });
  });

  it.each([
    ['with both a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['after an empty line', '\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['of HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['of a status of two digits', 'HTTP/1.1 99 OK\r\n\r\n'],
  ])('but not %s', (_, text) => {
    expect(response(text).error).toBeInstanceOf(MessageError);
  });

  it.each([
    ['in its body', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab'],
    ['in its head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na'],
    ['before its last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n'],
  ])('but not one that ends %s', (_, text) => {
    expect(response(text, { ended: true }).error).toBeInstanceOf(MessageError);
  });
});

// What follows compares: with itself on other pieces, and with the parser inside Node.

const kinds = [
  ['request', aRequest],
  ['response', aResponse],
] as const;

describe.each(kinds)('MessageParser, for any %s,', (kind, one) => {
  it('understands what is valid', () => {
    fc.assert(
      fc.property(one, (text) => {
        const { messages, error } = parse(kind, [bytes(text)], { ended: true });
        expect(error).toBeUndefined();
        expect(messages).toHaveLength(1);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same for the same bytes in other pieces', () => {
    fc.assert(
      fc.property(stream(one), cuts, fc.boolean(), (whole, places, single) => {
        const pieces = single ? [...whole].map((byte) => Buffer.of(byte)) : cut(whole, places);
        const [expected, got] = [parse(kind, [whole], { ended: true }), parse(kind, pieces, { ended: true })];
        expect(got.messages).toEqual(expected.messages);
        expect(got.error === undefined).toBe(expected.error === undefined);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes nothing that llhttp refuses, and understands it alike', () => {
    let compared = 0;
    fc.assert(
      fc.property(stream(one), (whole) => {
        const { messages } = parse(kind, [whole], { ended: true });
        const theirs = llhttp(kind, whole);
        if (theirs.unknownMethod) return;
        for (const [i, message] of messages.entries()) {
          const { head } = message;
          if (!head.target.startsWith('/') && kind === 'request') continue;
          expect({ ...summary(message), messages: messages.length }).toEqual({ ...theirs.messages[i], messages: Math.max(messages.length, i) });
          compared++;
        }
      }),
      { numRuns: 5_000 },
    );
    expect(compared).toBeGreaterThan(1_000);
  });

  it('understands as llhttp does what nobody has changed', () => {
    fc.assert(
      fc.property(several(one), (text) => {
        const whole = bytes(text);
        expect(parse(kind, [whole], { ended: true }).messages.map(summary)).toEqual(llhttp(kind, whole).messages);
      }),
      { numRuns: 1_000 },
    );
  });
});

function summary({ head, body, trailers }: Message) {
  const { method, target, status, statusText, minor, headers, keepAlive } = head;
  return { method, target, status, statusText, minor, rawHeaders: headers.flat, keepAlive, body, trailers };
}

type Callback = (...args: never[]) => unknown;

interface Llhttp {
  [callback: number]: Callback;
  initialize(kind: number, resource: object): void;
  execute(bytes: Buffer): number | (Error & { code: string });
  finish(): undefined | Error;
}

/** As Node's own server and client understand bytes. */
function llhttp(kind: 'request' | 'response', whole: Buffer): { messages: object[]; unknownMethod: boolean } {
  const { HTTPParser, methods } = jest.requireActual<{ HTTPParser: Record<string, number> & (new () => Llhttp); methods: string[] }>('_http_common');
  const messages: object[] = [];
  const parser = new HTTPParser();
  parser.initialize(HTTPParser[kind.toUpperCase()]!, {});
  let current: { [key: string]: unknown; rawHeaders: string[]; trailers: string[]; body: string } | undefined;
  let early: string[] = [];
  let earlyTarget = '';
  let closed = false;
  parser[HTTPParser['kOnMessageBegin']!] = () => (current = undefined);
  parser[HTTPParser['kOnHeaders']!] = (list: string[], target: string) => {
    if (current) return current.trailers.push(...list);
    early.push(...list);
    earlyTarget += target;
    return undefined;
  };
  parser[HTTPParser['kOnHeadersComplete']!] = (
    ...[, minor, list, method, target, status, statusText, , keepAlive]: [number, number, string[] | undefined, number, string | undefined, number, string, boolean, boolean]
  ) => {
    current = {
      method: kind === 'request' ? methods[method] : '',
      target: kind === 'request' ? (target ?? earlyTarget) : '',
      status: status ?? 0,
      statusText: statusText ?? '',
      minor,
      rawHeaders: [...early, ...(list ?? [])],
      keepAlive,
      body: '',
      trailers: [],
    };
    early = [];
    earlyTarget = '';
    return 0;
  };
  parser[HTTPParser['kOnBody']!] = (part: Buffer) => (current!.body += part.toString('latin1'));
  parser[HTTPParser['kOnMessageComplete']!] = () => {
    if (!closed) messages.push(current!);
    closed ||= !current!['keepAlive'];
  };
  const result = parser.execute(whole);
  const error = typeof result === 'number' ? parser.finish() : result;
  return { messages, unknownMethod: (error as { code?: string } | undefined)?.code === 'HPE_INVALID_METHOD' };
}
