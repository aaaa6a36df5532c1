export interface StrictResponse {
  readonly status: number;
  /** Names in lower case; of several with one name the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [\x20-\x7e]*$/;
const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)$/;
const CHUNK_SIZE = /^[0-9a-f]{1,8}$/i;
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * Reads all that came on a connection as responses, interim ones left out. Throws at the first byte that should not be there.
 *
 * @param methods of the requests that were sent, in order. Those that nobody sent are taken for GET.
 * @param whole whether the last response must have come whole.
 */
export function parseStrictly(bytes: Buffer, methods: readonly string[], whole: boolean): StrictResponse[] {
  const responses: StrictResponse[] = [];
  let at = 0;
  while (at < bytes.byteLength) {
    const headEnd = bytes.indexOf(HEAD_END, at);
    if (headEnd < 0) {
      if (whole) throw new Error(`a head that does not end: ${show(bytes, at)}`);
      return responses;
    }
    const { status, headers } = parseHead(bytes.toString('latin1', at, headEnd));
    at = headEnd + HEAD_END.byteLength;
    if (status < 200) {
      if (status === 101) throw new Error('a switch of protocols that nobody agreed to');
      continue;
    }
    const { body, after } = bodyOf(bytes, at, { headers, bodyless: methods[responses.length] === 'HEAD' || status === 204 || status === 304 });
    if (body === undefined) {
      if (whole) throw new Error(`a body that does not end, of ${status}`);
      return responses;
    }
    responses.push({ status, headers, body });
    at = after;
  }
  return responses;
}

function parseHead(text: string): { readonly status: number; readonly headers: ReadonlyMap<string, string> } {
  const [first, ...lines] = text.split('\r\n');
  const status = STATUS_LINE.exec(first!)?.[1];
  if (status === undefined) throw new Error(`no status line: ${JSON.stringify(first!.slice(0, 200))}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined) throw new Error(`no header: ${JSON.stringify(line.slice(0, 200))}`);
    const key = name.toLowerCase();
    if (headers.has(key) && (key === 'content-length' || key === 'transfer-encoding')) throw new Error(`${key} twice`);
    headers.set(key, value!);
  }
  return { status: Number(status), headers };
}

function bodyOf(bytes: Buffer, from: number, { headers, bodyless }: { headers: ReadonlyMap<string, string>; bodyless: boolean }): { readonly body?: Buffer; readonly after: number } {
  const length = headers.get('content-length');
  const encoding = headers.get('transfer-encoding');
  if (length !== undefined && encoding !== undefined) throw new Error('a length and chunks');
  if (length !== undefined && !/^\d{1,12}$/.test(length)) throw new Error(`a length of ${length}`);
  if (encoding !== undefined && encoding !== 'chunked') throw new Error(`an encoding of ${encoding}`);
  if (bodyless) return { body: Buffer.alloc(0), after: from };
  if (length !== undefined) {
    const after = from + Number(length);
    return after > bytes.byteLength ? { after } : { body: bytes.subarray(from, after), after };
  }
  if (encoding !== undefined) return chunksOf(bytes, from);
  if (headers.get('connection') !== 'close') throw new Error('a body without an end on a connection that goes on');
  return { body: bytes.subarray(from), after: bytes.byteLength };
}

function chunksOf(bytes: Buffer, from: number): { readonly body?: Buffer; readonly after: number } {
  const chunks: Buffer[] = [];
  let at = from;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return { after: at };
    const size = bytes.toString('latin1', at, lineEnd);
    if (!CHUNK_SIZE.test(size)) throw new Error(`no size of a chunk: ${show(bytes, at)}`);
    const end = lineEnd + 2 + parseInt(size, 16);
    if (end + 2 > bytes.byteLength) return { after: at };
    if (bytes.toString('latin1', end, end + 2) !== '\r\n') throw new Error(`a chunk longer than it says, or trailers: ${show(bytes, end)}`);
    chunks.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
    if (size === '0') return { body: Buffer.concat(chunks), after: at };
  }
}

function show(bytes: Buffer, at: number): string {
  return JSON.stringify(bytes.toString('latin1', at, at + 200));
}
