import type { Random } from '../random';

/** One request of a fuzzed connection. */
export interface FuzzRequest {
  readonly bytes: Buffer;
  readonly method: string;
  /** In `X-Nonce`, and echoed by the function: whose answer this is. */
  readonly nonce: string;
  /** Of a plain call of the function `echo`: what it must say that it got. Absent where other answers are right too. */
  readonly echoed?: { readonly method: string; readonly rest: string; readonly bodyBytes: number };
  /** Whether the bytes are still a request, so that another one may follow. */
  readonly sound: boolean;
}

const METHODS = ['GET', 'GET', 'POST', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'];
const OTHER_METHODS = ['TRACE', 'PROPFIND', 'get', 'Post', 'FOO', 'M-SEARCH', 'CONNECT', 'PRI', '!#$', 'G'.repeat(300)];
const NAMES = ['echo', 'echo.openfaas-fn', 'none'];
const STRANGE_NAMES = ['none.other', 'ECHO', '..', '.', 'echo.', '.echo', 'a.b.c', 'x'.repeat(300), '%65cho', 'echo%2e', 'écho', '__proto__', 'constructor', 'echo;x', 'echo%00', 'calls', 'echo:80', '[::1]'];
const SEGMENTS = ['a', '..', '.', '', '%2e%2e', '%', '%zz', '%00', '%2f', '\\', '{}', '"', "'", '<b>', '~', ':', '@', '//', 'system', 'x'.repeat(500)];
const BAD_SEGMENTS = ['ü', '\u0000', '\x7f', 'a b', '#', '\t'];
const QUERIES = ['', '?', '?a=b', '?a=%', '??', '?a=b&a=c', '?<script>', '?%0d%0aX-Evil:%201', '?/../..'];
const HEADERS: readonly string[] = [
  'Accept: */*', 'X-Empty:', 'X-Tab:\ta', 'X-Latin: caf\xe9', 'X-Space:   a b   ', 'Cookie: a=b; shoal_session=x', 'Authorization: Basic !!!', 'Authorization: Bearer x.y.z',
  'Connection: keep-alive', 'Connection: X-Nonce-Not, Host', 'Connection: Content-Length', 'Connection: ,,,', 'Connection: upgrade', 'Keep-Alive: timeout=5', 'Proxy-Connection: keep-alive', 'Proxy-Authorization: Basic x',
  'Upgrade: h2c', 'Upgrade: websocket', 'Upgrade: TLS/1.0', 'HTTP2-Settings: AAMAAABkAAQAAP__', 'Sec-WebSocket-Key: x', 'Sec-WebSocket-Version: 99',
  'Range: bytes=0-1', 'Range: bytes=9999-', 'Range: lines=-1', 'If-Range: "x"', 'If-None-Match: *', 'If-Modified-Since: yesterday', 'Trailer: X-End', 'Trailer: Content-Length', 'TE: trailers, deflate',
  'Expect: 100-continue', 'Accept-Encoding: gzip, br', 'Content-Encoding: gzip', 'Content-Type: application/json', 'Content-Type: multipart/form-data; boundary=x', 'Content-Type: ;;;',
  'X-Call-Id: mine', 'X-Call-Id: ../../etc', `X-Call-Id: ${'i'.repeat(2_000)}`, 'X-Start-Time: never', 'X-Timeout: -1s', 'X-Timeout: 1e99', 'X-Forwarded-For: 1.2.3.4, evil', 'X-Forwarded-Host: a.invalid', 'Forwarded: for=_x;proto=https',
  'X-Callback-Url: http://127.0.0.1:1/', 'X-Callback-Url: javascript:x', 'X-Callback-Url: http://[', 'Idempotency-Key: k', 'X-Function: echo', 'X-Function: none', 'X-Function: ../x', 'X-Shoal-Error: internal', 'X-Shoal-Peer: 1', 'X-Retry-Attempt: 9',
  'traceparent: 00-0-0-0', 'traceparent: 00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01', 'Max-Forwards: 0', 'Via: 1.1 x', 'Content-MD5: x', '__proto__: x', 'constructor: x', `X-Long: ${'l'.repeat(9_000)}`,
];
/** None of these may stand in a sound request. */
const BAD_HEADERS: readonly string[] = [
  'Content-Length: 5', 'Content-Length: -1', 'Content-Length: 0x10', 'Content-Length: 1e3', 'Content-Length: 5, 5', 'Content-Length: 99999999999999999999', 'Content-Length:', 'Content-Length : 3',
  'Transfer-Encoding: chunked', 'Transfer-Encoding: gzip, chunked', 'Transfer-Encoding: identity', 'Transfer-Encoding: xchunked', 'Transfer-Encoding : chunked', 'Transfer-Encoding: chunked, chunked', 'Transfer-Encoding:\x0bchunked',
  'Host: other', 'Host: a b', 'Host: [', 'No colon', ': no name', ' folded: x', '\tfolded', 'X-\x00: a', 'X-A: \x00', 'X-A: a\rb', 'X-A: a\nX-B: b', 'X A: b', 'X-Ü: b', 'Expect: 200-ok', 'X-A: \x1b[31m', '(x): y', '',
];
const ALEXA = [
  '{"session":{"sessionId":"s"},"request":{"type":"IntentRequest","intent":{"name":"Echo"}}}', '{"session":{"sessionId":"s"},"request":{"intent":{"name":"NoneIntent"}}}', '{"session":{"sessionId":1},"request":{"intent":{"name":[]}}}',
  '{"session":null,"request":{"intent":null}}', '[]', 'null', '"x"', '{', '\ufeff{}', `${'['.repeat(5_000)}`, '{"__proto__":{"session":{"sessionId":"s"}}}', '{"session":{"sessionId":"s"},"request":{"intent":{"name":"../../x"}}}',
];
/** Other calls are made of the bytes of a body only by who misread where it ends. */
const SMUGGLED = 'GET /function/echo/smuggled HTTP/1.1\r\nHost: x\r\nX-Nonce: smuggled\r\n\r\n';

export const SMUGGLED_NONCE = 'smuggled';

/** A request of every kind, mostly sound; what is not is to be the last on its connection. */
export function fuzzRequest(random: Random, nonce: string): FuzzRequest {
  const kind = random.next();
  if (kind < 0.45) return plainCall(random, nonce);
  const request = strangeRequest(random, nonce);
  return kind < 0.75 ? request : broken(random, request);
}

/** A call that any gateway must pass on as it is. */
function plainCall(random: Random, nonce: string): FuzzRequest {
  const method = random.pick(METHODS);
  const rest = `/${random.text(random.below(30), "abcXYZ019-._~!$&'()*+,;=:@/%{}|^`\"<>\\")}${random.pick(QUERIES)}`;
  const origin = random.chance(0.1) ? 'http://elsewhere.invalid' : '';
  const { lines, bytes, length } = bodyOf(random, method !== 'GET' && method !== 'HEAD' ? 0.8 : 0.1);
  const head = [`${method} ${origin}/function/echo${random.chance(0.2) ? '.openfaas-fn' : ''}${rest} HTTP/1.1`, 'Host: shoal', `X-Nonce: ${nonce}`, ...lines];
  return { bytes: message(head, bytes), method, nonce, echoed: { method, rest, bodyBytes: length }, sound: true };
}

function strangeRequest(random: Random, nonce: string): FuzzRequest {
  const method = random.chance(0.15) ? random.pick(OTHER_METHODS) : random.pick(METHODS);
  const target = targetOf(random);
  const isRoot = target === '/' && method === 'POST' && random.chance(0.8);
  const { lines, bytes } = isRoot ? sized(Buffer.from(random.pick(ALEXA))) : bodyOf(random, 0.5);
  const version = random.chance(0.06) ? random.pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.2', 'http/1.1', 'HTTP/1.1 ', '']) : 'HTTP/1.1';
  const headers = shuffled(random, [`X-Nonce: ${nonce}`, ...lines, ...random.some(8, () => random.pick(HEADERS))]);
  if (random.chance(0.97)) headers.unshift('Host: shoal');
  // What a server may answer in many ways, and close the connection then.
  return { bytes: message([`${method} ${target} ${version}`, ...headers], bytes), method, nonce, sound: false };
}

function targetOf(random: Random): string {
  const path = random.some(5, () => random.pick(random.chance(0.02) ? BAD_SEGMENTS : SEGMENTS)).join('/');
  const query = random.pick(QUERIES);
  const name = random.pick(random.chance(0.7) ? NAMES : STRANGE_NAMES);
  const at = random.next();
  if (at < 0.4) return `/function/${name}/${path}${query}`;
  if (at < 0.55) return `/async-function/${name}/${path}${query}`;
  if (at < 0.6) return `/async-function/calls/${name}`;
  if (at < 0.7) return '/';
  if (at < 0.75) return random.pick(['*', 'http://', 'http://x', 'https://user:pw@x/function/echo', 'ftp://x/', '//function/echo', '', 'function/echo', 'http://[::1]:99999/function/echo', 'http://x:y/', '*/function/echo']);
  if (at < 0.78) return `/function/echo/${'p'.repeat(random.pick([4_000, 65_000, 66_000, 200_000]))}`;
  if (at < 0.85) return random.pick(['/healthz', '/ui/', '/ui/../../etc/passwd', '/docs', '/openapi.json', '/system/none', '/system/../function/echo', '/%66unction/echo', '/function', '/function/', '/async-function/', '/function//echo']);
  return `/${path}${query}`;
}

/** With one thing changed in its bytes, some of which make it another sound request. */
function broken(random: Random, request: FuzzRequest): FuzzRequest {
  let { bytes } = request;
  for (let changes = 1 + random.below(3); changes > 0; changes--) bytes = changed(random, bytes);
  // Nobody can say by which method its answer is to be read: none that has no body.
  return { bytes: Buffer.from(bytes.toString('latin1').replace(/^HEAD/, 'POST'), 'latin1'), method: 'POST', nonce: request.nonce, sound: false };
}

function changed(random: Random, bytes: Buffer): Buffer {
  const headEnd = Math.max(1, bytes.indexOf('\r\n\r\n'));
  const at = random.below(random.chance(0.7) ? Math.min(headEnd + 4, 600) : bytes.byteLength);
  const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (random.below(8)) {
    case 0:
      return Buffer.concat([before, Buffer.from([(bytes[at] ?? 0) ^ (1 << random.below(8))]), behind.subarray(1)]);
    case 1:
      return Buffer.concat([before, behind.subarray(1 + random.below(4))]);
    case 2:
      return Buffer.concat([before, Buffer.from(random.pick(['\r', '\n', '\r\n', '\0', ' ', '\t', ':', '\r\n\r\n', '\x80', '\xff\xfe', '%', '\r\n '])), behind]);
    case 3:
      return bytes.subarray(0, at); // It ends early.
    case 4:
      return Buffer.concat([bytes, random.bytes(random.below(50))]);
    default: {
      const lineEnd = bytes.indexOf('\r\n') + 2;
      return Buffer.concat([bytes.subarray(0, lineEnd), Buffer.from(`${random.pick(BAD_HEADERS)}\r\n`, 'latin1'), bytes.subarray(lineEnd)]);
    }
  }
}

interface Body {
  readonly lines: readonly string[];
  readonly bytes: Buffer;
  /** Without what frames it. */
  readonly length: number;
}

function bodyOf(random: Random, probability: number): Body {
  if (!random.chance(probability)) return { lines: [], bytes: Buffer.alloc(0), length: 0 };
  const content = random.chance(0.3) ? Buffer.from(SMUGGLED) : random.bytes(random.chance(0.03) ? 70_000 : random.below(300));
  if (random.chance(0.6)) return sized(content);
  const pieces: Buffer[] = [];
  for (let at = 0; at < content.byteLength; ) {
    const size = Math.min(content.byteLength - at, 1 + random.below(random.chance(0.5) ? 20 : 40_000));
    const extension = random.chance(0.05) ? random.pick([';a', ';a=b', ';a="b c"']) : '';
    pieces.push(Buffer.from(`${random.chance(0.1) ? '000' : ''}${size.toString(16)}${extension}\r\n`), content.subarray(at, at + size), Buffer.from('\r\n'));
    at += size;
  }
  const trailers = random.chance(0.1) ? 'X-End: 1\r\n' : '';
  return { lines: ['Transfer-Encoding: chunked'], bytes: Buffer.concat([...pieces, Buffer.from(`0\r\n${trailers}\r\n`)]), length: content.byteLength };
}

function sized(content: Buffer): Body {
  return { lines: [`Content-Length: ${content.byteLength}`], bytes: content, length: content.byteLength };
}

/** Text as its characters' bytes, where they have one: what is above is sent as UTF-8. */
function message(head: readonly string[], body: Buffer): Buffer {
  const text = `${head.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(text, /[\u0100-\uffff]/.test(text) ? 'utf8' : 'latin1'), body]);
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const left = [...list];
  return Array.from(list, () => left.splice(random.below(left.length), 1)[0]!);
}
