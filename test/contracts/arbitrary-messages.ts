import fc from 'fast-check';

// Any messages of HTTP/1.1, and what is left of them after a few changes.

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,8}$/);
const value = fc.stringMatching(/^[!-~\x80-\xff]([ \t!-~\x80-\xff]{0,12}[!-~\x80-\xff])?$/);
const method = fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH');
const blanks = fc.constantFrom('', ' ', '\t', '  ');
const NOT_BY_CHANCE = /^(connection|content-length|transfer-encoding|upgrade|host|expect|proxy-connection)$/i;
const header = fc.tuple(token, blanks, value, blanks).filter(([name]) => !NOT_BY_CHANCE.test(name)).map((parts) => `${parts[0]}:${parts.slice(1).join('')}\r\n`);
const headers = fc.array(header, { maxLength: 5 }).map((lines) => lines.join(''));
const content = fc.uint8Array({ maxLength: 30 }).map((part) => Buffer.from(part).toString('latin1'));
const extension = fc.constantFrom('', '', ';a', ';a=b', ';a="b c"');
const chunk = fc.tuple(content.filter((text) => text.length > 0), extension).map(([text, ext]) => `${text.length.toString(16)}${ext}\r\n${text}\r\n`);
const connection = fc.constantFrom('', '', '', 'Connection: close\r\n', 'Connection: keep-alive\r\n');
const body = fc.oneof(
  fc.constant('\r\n'),
  content.map((text) => `Content-Length: ${text.length}\r\n\r\n${text}`),
  fc.tuple(fc.array(chunk, { maxLength: 3 }), headers).map(([chunks, last]) => `Transfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n${last}\r\n`),
);
export const aRequest = fc
  .tuple(method, fc.stringMatching(/^[!-"$-~]{0,10}$/), headers, connection, body)
  .map(([verb, path, lines, option, rest]) => `${verb} /${path} HTTP/1.1\r\nHost: x\r\n${lines}${option}${rest}`);
export const aResponse = fc
  .tuple(fc.constantFrom(200, 204, 304, 404, 500), value, headers, connection, body)
  .map(([status, words, lines, option, rest]) => {
    const end = status === 204 || status === 304 ? rest.slice(0, rest.indexOf('\r\n\r\n') + 4) || '\r\n' : rest;
    return `HTTP/1.1 ${status} ${words}\r\n${lines}${option}${end}`;
  });

const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  removed: fc.constantFrom(0, 0, 1, 1, 2, 5),
  added: fc.constantFrom(
    '', '\r', '\n', '\r\n', ' ', '\t', ':', ';', ',', '0', '1', 'a', 'F', '-', '+', '"', '\\', '=', '\0', '\x0b', '\x7f', '\x80', '#', '*',
    'Content-Length: 1\r\n', 'Content-Length: 0\r\n', 'content-length:\t3 \r\n', 'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: identity\r\n', 'transfer-encoding: Chunked\r\n', 'Connection: close, x\r\n', 'Host: y\r\n', 'A\r\n', ' A: b\r\n', '0\r\n\r\n',
  ),
});
const changes = fc.array(change, { maxLength: 3 });

function changed(text: string, list: readonly { at: number; removed: number; added: string }[]): string {
  return list.reduce((before, { at, removed, added }) => {
    const place = Math.floor(at * (before.length + 1));
    return before.slice(0, place) + added + before.slice(place + removed);
  }, text);
}

export const several = (one: fc.Arbitrary<string>) => fc.array(one, { minLength: 1, maxLength: 3 }).map((list) => list.join(''));
export const stream = (one: fc.Arbitrary<string>) => fc.tuple(several(one), changes).map(([text, list]) => Buffer.from(changed(text, list), 'latin1'));
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

export function cut(whole: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => Math.floor(place * whole.byteLength)).sort((a, b) => a - b), whole.byteLength];
  return at.slice(1).map((to, i) => whole.subarray(at[i], to));
}
