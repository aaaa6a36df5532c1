import type { UpstreamSide } from './raw-upstream';

/** What a function's server does in place of an answer, and what its caller is to see of it. */
export interface Lie {
  readonly title: string;
  readonly tell: (side: UpstreamSide) => void;
  /** A status with `X-Shoal-Error`; the body of a whole answer; or a connection that ends within one. */
  readonly sees: 502 | 504 | 'cut' | { readonly body: string; readonly status?: number };
  readonly method?: 'HEAD' | 'POST';
  /** Only the function's time limit ends it. */
  readonly endless?: true;
  /** More comes later, and nothing has said so: who asked on the same connection before it came would take it for his answer. */
  readonly untold?: true;
}

const ok = (headers: string, body = '') => `HTTP/1.1 200 OK\r\n${headers}\r\n${body}`;
const EVIL = ok('Content-Length: 4\r\nX-Evil: yes\r\n', 'evil');
const says = (bytes: string) => (side: UpstreamSide) => side.write(bytes);
const saysAndEnds = (bytes: string) => (side: UpstreamSide) => side.socket.end(bytes, 'latin1');
const saysAndBreaks = (bytes: string) => (side: UpstreamSide) => side.socket.write(bytes, 'latin1', () => side.socket.resetAndDestroy());
const saysAndBreaksLater = (bytes: string) => (side: UpstreamSide) => {
  side.write(bytes);
  setTimeout(() => side.socket.resetAndDestroy(), 30);
};
/** The second part in a packet of its own, when the first has long been understood. */
const saysThen = (first: string, second: string) => (side: UpstreamSide) => {
  side.write(first);
  setTimeout(() => side.write(second), 30);
};
const inChunks = (rest: string) => ok('Transfer-Encoding: chunked\r\n', rest);
const part = { body: 'part' } as const;
const none = { body: '' } as const;

export const LIES: readonly Lie[] = [
  { title: 'says more than its length', tell: says(ok('Content-Length: 4\r\n', `part${EVIL}`)), sees: part },
  { title: 'says more than its length, later', tell: saysThen(ok('Content-Length: 4\r\n', 'part'), EVIL), sees: part, untold: true },
  { title: 'says less than its length, and ends', tell: saysAndEnds(ok('Content-Length: 9\r\n', 'part')), sees: 'cut' },
  { title: 'says less than its length, and breaks off', tell: saysAndBreaks(ok('Content-Length: 9\r\n', 'part')), sees: 'cut' },
  { title: 'says less than its length, and nothing more', tell: says(ok('Content-Length: 9\r\n', 'part')), sees: 'cut', endless: true },
  { title: 'says nothing at all', tell: () => undefined, sees: 504, endless: true },
  { title: 'ends without a word', tell: saysAndEnds(''), sees: 502 },
  { title: 'breaks off without a word', tell: (side) => void side.socket.resetAndDestroy(), sees: 502 },
  { title: 'ends within its first line', tell: saysAndEnds('HTTP/1.1 2'), sees: 502 },
  { title: 'ends within its head', tell: saysAndEnds('HTTP/1.1 200 OK\r\nContent-Le'), sees: 502 },
  { title: 'breaks off within its head', tell: saysAndBreaks('HTTP/1.1 200 OK\r\nContent-Le'), sees: 502 },
  { title: 'ends its half within its head, and goes on', tell: (side) => void side.socket.end('HTTP/1.1 200 OK\r\n'), sees: 502 },
  { title: 'answers twice', tell: says(ok('Content-Length: 4\r\n', 'part') + EVIL), sees: part },
  { title: 'answers twice, and ends the second answer later', tell: saysThen(ok('Content-Length: 4\r\n', 'part') + EVIL.slice(0, 30), EVIL.slice(30)), sees: part },
  { title: 'answers twice, the second time later', tell: saysThen(ok('Content-Length: 4\r\n', 'part'), EVIL), sees: part, untold: true },
  { title: 'answers a hundred times', tell: says(ok('Content-Length: 4\r\n', 'part') + EVIL.repeat(99)), sees: part },
  { title: 'has a body behind 204', tell: says(`HTTP/1.1 204 No Content\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}`), sees: { body: '', status: 204 } },
  { title: 'has a body behind 204, later', tell: saysThen(`HTTP/1.1 204 No Content\r\nContent-Length: ${EVIL.length}\r\n\r\n`, EVIL), sees: { body: '', status: 204 } },
  { title: 'has chunks behind 204, later', tell: saysThen('HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n', `5\r\nhello\r\n0\r\n\r\n${EVIL}`), sees: { body: '', status: 204 } },
  { title: 'has a body behind 304, later', tell: saysThen(`HTTP/1.1 304 Not Modified\r\nContent-Length: ${EVIL.length}\r\n\r\n`, EVIL), sees: { body: '', status: 304 } },
  { title: 'has a body behind HEAD', tell: says(ok(`Content-Length: ${EVIL.length}\r\n`, EVIL)), sees: none, method: 'HEAD' },
  { title: 'has a body behind HEAD, later', tell: saysThen(ok(`Content-Length: ${EVIL.length}\r\n`), EVIL), sees: none, method: 'HEAD' },
  { title: 'has chunks behind HEAD, later', tell: saysThen(inChunks(''), `4\r\nevil\r\n0\r\n\r\n${EVIL}`), sees: none, method: 'HEAD' },
  { title: 'has both a length and chunks', tell: says(ok('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', '4\r\nevil\r\n0\r\n\r\n')), sees: 502 },
  { title: 'has two lengths', tell: says(ok('Content-Length: 4\r\nContent-Length: 5\r\n', 'evil!')), sees: 502 },
  { title: 'has the same length twice', tell: says(ok('Content-Length: 4\r\nContent-Length: 4\r\n', 'evil')), sees: 502 },
  { title: 'has a list of lengths', tell: says(ok('Content-Length: 4, 5\r\n', 'evil!')), sees: 502 },
  { title: 'has a length below nothing', tell: says(ok('Content-Length: -4\r\n', 'evil')), sees: 502 },
  { title: 'has a length that wraps around', tell: says(ok('Content-Length: 18446744073709551620\r\n', 'evil')), sees: 502 },
  { title: 'has a length with a tab', tell: says(ok('Content-Length:\t4\r\n', 'evil')), sees: 502 },
  { title: 'has a coding that nobody knows', tell: says(ok('Transfer-Encoding: cow\r\n', 'evil')), sees: 502 },
  { title: 'has no body behind 204, but one later', tell: saysThen('HTTP/1.1 204 No Content\r\n\r\n', EVIL), sees: { body: '', status: 204 }, untold: true },
  { title: 'has chunks in HTTP/1.0', tell: says('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n'), sees: 502 },
  { title: 'folds a header', tell: says(ok('X-A: b\r\n c\r\nContent-Length: 4\r\n', 'evil')), sees: 502 },
  { title: 'has a blank before a colon', tell: says(ok('Content-Length : 4\r\n', 'evil')), sees: 502 },
  { title: 'ends lines with LF', tell: says('HTTP/1.1 200 OK\nContent-Length: 4\n\nevil'), sees: 502 },
  { title: 'has a CR in a header', tell: says(ok('X-A: b\rX-Evil: yes\r\nContent-Length: 4\r\n', 'evil')), sees: 502 },
  { title: 'has a NUL in a header', tell: says(ok('X-A: b\0\r\nContent-Length: 4\r\n', 'evil')), sees: 502 },
  { title: 'says what is no HTTP', tell: says('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.repeat(100)), sees: 502 },
  { title: 'says a request', tell: says('GET /function/x HTTP/1.1\r\nHost: x\r\n\r\n'), sees: 502 },
  { title: 'speaks HTTP/2', tell: says('\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff'), sees: 502 },
  { title: 'has a status of two digits', tell: says('HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'), sees: 502 },
  { title: 'has the status 000', tell: says('HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n'), sees: 502 },
  { title: 'has a head without end', tell: says(`HTTP/1.1 200 OK\r\nX-A: ${'b'.repeat(3_000_000)}`), sees: 502 },
  { title: 'has headers without end', tell: says(`HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(50_000)}\r\n`), sees: 502 },
  { title: 'has chunks that are none', tell: says(inChunks('zz\r\nevil\r\n0\r\n\r\n')), sees: 'cut' },
  { title: 'has a chunk that is longer than it says', tell: says(inChunks('4\r\nparts\r\n0\r\n\r\n')), sees: 'cut' },
  { title: 'has a chunk of more than there can be', tell: says(inChunks('ffffffffffffffff\r\nevil')), sees: 'cut' },
  { title: 'ends within a chunk', tell: saysAndEnds(inChunks('9\r\npart')), sees: 'cut' },
  { title: 'ends before the last chunk', tell: saysAndEnds(inChunks('4\r\npart\r\n')), sees: 'cut' },
  { title: 'breaks off before the last chunk', tell: saysAndBreaks(inChunks('4\r\npart\r\n')), sees: 'cut' },
  { title: 'says more behind the last chunk', tell: says(inChunks(`4\r\npart\r\n0\r\n\r\n${EVIL}`)), sees: part },
  { title: 'says its length in trailers', tell: says(inChunks('4\r\npart\r\n0\r\nContent-Length: 9\r\n\r\n')), sees: 'cut' },
  { title: 'says an end of line in trailers', tell: says(inChunks('4\r\npart\r\n0\r\nX-A: b\rX-Evil: yes\r\n\r\n')), sees: 'cut' },
  { title: 'has chunk extensions without end', tell: says(inChunks(`4;${'a'.repeat(100_000)}`)), sees: 'cut' },
  { title: 'says that it closes, and does not', tell: says(ok('Connection: close\r\nContent-Length: 4\r\n', 'part')), sees: part },
  { title: 'says that it closes, and answers once more', tell: saysThen(ok('Connection: close\r\nContent-Length: 4\r\n', 'part'), EVIL), sees: part },
  { title: 'says that it keeps the connection, and closes', tell: saysAndEnds(ok('Connection: keep-alive\r\nKeep-Alive: timeout=600\r\nContent-Length: 4\r\n', 'part')), sees: part },
  { title: 'names its length in Connection', tell: says(ok('Connection: content-length, transfer-encoding\r\nContent-Length: 4\r\n', 'part')), sees: part },
  { title: 'lasts until it ends, and says another answer', tell: saysAndEnds(ok('', `part`)), sees: part },
  { title: 'lasts until it ends, and breaks off', tell: saysAndBreaksLater(ok('', 'part')), sees: 'cut' },
  { title: 'changes to a protocol that nobody asked for', tell: says(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${EVIL}`), sees: 502 },
  { title: 'changes to HTTP/2', tell: says('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'), sees: 502 },
  ...[100, 102, 103, 199].map((status): Lie => ({ title: `says ${status} first`, tell: says(`HTTP/1.1 ${status} Wait\r\nLink: </a>\r\nContent-Length: 9\r\n\r\n${ok('Content-Length: 4\r\n', 'part')}`), sees: part })),
  ...[100, 102, 103].map((status): Lie => ({ title: `says ${status} ten thousand times`, tell: says(`HTTP/1.1 ${status} Wait\r\n\r\n`.repeat(10_000) + EVIL), sees: 502 })),
  { title: 'says 100 and nothing more', tell: says('HTTP/1.1 100 Continue\r\n\r\n'), sees: 504, endless: true },
  { title: 'says 100 and ends', tell: saysAndEnds('HTTP/1.1 100 Continue\r\n\r\n'), sees: 502 },
  { title: 'says headers of the platform', tell: says(ok('X-Call-Id: evil\r\nX-Start-Time: evil\r\nX-Shoal-Error: evil\r\nX-Shoal-Answered-By: gateway\r\nContent-Length: 4\r\n', 'part')), sees: part },
];
