import { Random } from './random';

/** Without HEAD: how long its answer is depends on who has understood it. */
const METHODS = ['GET', 'GET', 'POST', 'POST', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];
const PATHS = ['', '/', '/a', '/a/b?c=d', '/%41%2f', '/a%20b', '//a', '/a/../b', '/a/./b', '?x', '/?x=/../y', '/a;b=c', '/~a', '/a"b', '/a|b', "/a'b", '/{a}', '/a\\b', '/a^`', '/a+b', '/a,b', '/:80', '/@'];
const HOSTS = ['x', 'example.org', 'x:80', '127.0.0.1', '[::1]:8080', 'X.Y'];
const HEADERS = ['Accept: */*', 'X-A: b', 'X-A:b', 'x-a: \tb \t', 'X-Under_Score: 1', 'X-B: \xe4\xff', 'X-C:', 'Cookie: a=b; c=d', 'X-D: a:b, c;d "e"', 'Content-Type: text/plain', 'Accept-Encoding: gzip', 'User-Agent: t (x)', 'X.Y: z', "X!#$%&'*+^`|~: z", 'Range: bytes=0-1', 'Keep-Alive: 5', 'Trailer: X-T', 'X-Forwarded-For: 1.2.3.4', 'Via: 1.1 x', 'Authorization: Basic eDp5', 'If-Modified-Since: x', 'Referer: /', 'Content-Encoding: gzip', 'Upgrade: h2c', 'Date: x'];
const CONNECTIONS = ['', '', '', 'Connection: close\r\n', 'Connection: keep-alive\r\n', 'connection: Close\r\n', 'Connection: keep-alive, X-A\r\n'];

/** What is put in, anywhere. */
const PIECES = ['\r', '\n', '\r\n', '\r\n\r\n', ' ', '\t', '  ', ':', ';', ',', '0', '1', '7', 'a', 'F', '-', '+', '"', '\\', '=', '/', '?', '#', '%', '*', '.', '..', '@', '\0', '\x01', '\x0b', '\x0c', '\x1f', '\x7f', '\x80', '\x85', '\xa0', '\xff', 'chunked', 'HTTP/1.1', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'];
/** What is put in as a line, or in place of one. */
const LINES = [
  ...['Content-Length: 0', 'Content-Length: 1', 'Content-Length: 5', 'content-length:\t3 ', 'Content-Length: +1', 'Content-Length: 1,1', 'Content-Length: 0x1', 'Content-Length:', 'Content-Length: 99999999999999999999', 'Content-Length: 05', 'Content-Length : 1', 'Content_Length: 1'],
  ...['Transfer-Encoding: chunked', 'transfer-encoding: Chunked', 'Transfer-Encoding: identity', 'Transfer-Encoding: gzip, chunked', 'Transfer-Encoding:', 'Transfer-Encoding : chunked', 'Transfer-Encoding: xchunked', 'Transfer-Encoding:\tchunked ', 'Transfer-Encoding: chunked, chunked', 'Transfer_Encoding: chunked'],
  ...['Host: y', 'Host:', 'Host: a b', 'Host: a/b', 'Host: a@b', 'Host: x:y', 'Host: a,b', 'Host: ..', 'Host: [::1', 'host: %41', ' folded: x', '\tfolded', ' ', 'No-Colon', ': no name', 'A\tB: c', 'A B: c', 'A(B): c', 'X-A: b\x01c', 'X-A: b\0c', 'Connection: close', 'Connection: close, x', 'Connection: Upgrade', 'Upgrade: h2c', 'Expect: 100-continue', 'Expect: x', '0', ''],
];
const LINE_ENDS = ['\r\n', '\n', '\r', '\r\r\n', '\n\n', ''];
const VERSIONS = ['HTTP/1.0', 'HTTP/1.2', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.01', 'http/1.1', 'HTTP/11', 'HTTP/1.1 ', '', 'HTTP/1,1', 'HTTPS/1.1'];

/** Bytes that are one to three requests, with up to three changes; always the same for the same generator. @param base what paths begin with. */
export function mutatedRequests(random: Random, base: string): string {
  let text = '';
  for (let count = 1 + random.below(3); count > 0; count--) text += request(random, base);
  for (let count = random.below(4); count > 0; count--) text = changed(random, text);
  return text;
}

function request(random: Random, base: string): string {
  const version = random.chance(0.9) ? 'HTTP/1.1' : 'HTTP/1.0';
  const target = `${random.chance(0.05) ? `http://${random.pick(['y', 'y:80', ''])}` : ''}${base}${random.pick(PATHS)}`;
  let head = `${random.pick(METHODS)} ${target} ${version}\r\nHost: ${random.pick(HOSTS)}\r\n`;
  for (let count = random.below(4); count > 0; count--) head += `${random.pick(HEADERS)}\r\n`;
  head += random.pick(CONNECTIONS);
  const body = random.pick(['', '', 'a', 'hello', '0\r\n\r\n', 'GET /evil HTTP/1.1\r\nHost: x\r\n\r\n']);
  if (body === '' && random.chance(0.7)) return `${head}\r\n`;
  if (version === 'HTTP/1.0' || random.chance(0.5)) return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  const chunks = body === '' ? '' : `${body.length.toString(16)}${random.pick(['', '', ';a=b', ';a="b"', ' ', ';'])}\r\n${body}\r\n`;
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}${random.pick(['0', '0', '0', '000', '0;a'])}\r\n${random.pick(['', '', 'X-T: u\r\n'])}\r\n`;
}

function changed(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const lines = text.split('\r\n');
  const line = random.below(lines.length);
  const joined = (changedLines: readonly string[]) => changedLines.join('\r\n');
  switch (random.below(9)) {
    case 0:
      return text.slice(0, at) + random.pick(PIECES) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + random.below(3));
    case 2:
      return text.slice(0, at) + random.pick(PIECES) + text.slice(at + 1);
    case 3:
      return joined([...lines.slice(0, line), random.pick(LINES), ...lines.slice(line)]);
    case 4:
      return joined([...lines.slice(0, line), random.pick(LINES), ...lines.slice(line + 1)]);
    case 5:
      return joined([...lines.slice(0, line), lines[line]!, ...lines.slice(line)]);
    case 6:
      return lines.map((one, i) => (i === lines.length - 1 ? one : one + (i === line ? random.pick(LINE_ENDS) : '\r\n'))).join('');
    case 7:
      return text.replace(/HTTP\/1\.[01]/, random.pick(VERSIONS));
    default:
      return swappedBytes(text, at, random.below(text.length + 1));
  }
}

function swappedBytes(text: string, a: number, b: number): string {
  const [from, to] = a < b ? [a, b] : [b, a];
  return to >= text.length || from === to ? text : text.slice(0, from) + text[to]! + text.slice(from + 1, to) + text[from]! + text.slice(to + 1);
}
