/** One request as a server got it. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  /** Names in lower case and values in turn, in order. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
}

interface SeenRequests {
  readonly requests: readonly SeenRequest[];
  /** Why the bytes from there on could mean different things to different servers. */
  readonly doubt: string | undefined;
  /** Bytes of a request that has not come whole. */
  readonly rest: string;
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP\/1\.1$/;
const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
const LENGTH = /^(0|[1-9]\d{0,14})$/;
const CHUNK = /^(0|[1-9a-f][0-9a-f]{0,11})\r\n/;

/**
 * What bytes on their way to a function's server mean, read by nothing of the product's: in the one way in which all servers
 * read them, and with a doubt where there is another.
 */
export function strictRequests(bytes: string): SeenRequests {
  const requests: SeenRequest[] = [];
  let at = 0;
  try {
    while (at < bytes.length) {
      const one = requestAt(bytes, at);
      if (!one) break;
      requests.push(one.request);
      at = one.end;
    }
  } catch (error) {
    return { requests, doubt: (error as Error).message, rest: bytes.slice(at) };
  }
  return { requests, doubt: undefined, rest: bytes.slice(at) };
}

function requestAt(bytes: string, from: number): { readonly request: SeenRequest; readonly end: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n', from);
  const head = bytes.slice(from, headEnd < 0 ? bytes.length : headEnd);
  if (/[^\r]\n|^\n|\r(?!\n|$)|\0/.test(head)) throw new Error('half an end of line, or NUL, in a head');
  if (headEnd < 0) return undefined;
  const [line, ...lines] = head.split('\r\n');
  const [, method, target] = REQUEST_LINE.exec(line!) ?? [];
  if (method === undefined || target === undefined) throw new Error(`no request line: ${JSON.stringify(line)}`);
  const headers = lines.map(headerOf);
  const valuesOf = (name: string) => headers.filter(([one]) => one === name).map(([, value]) => value);
  const [lengths, codings, hosts] = [valuesOf('content-length'), valuesOf('transfer-encoding'), valuesOf('host')];
  if (lengths.length + codings.length > 1) throw new Error('more than one frame');
  // A value to some, a blank to others.
  if (lines.some((one) => /^(content-length|transfer-encoding|host):(\t|.*\t$| +\t)/i.test(one))) throw new Error('a tab beside a frame');
  if (hosts.length !== 1) throw new Error(`${hosts.length} hosts`);
  const start = headEnd + 4;
  if (codings.length > 0) {
    if (codings[0]!.toLowerCase() !== 'chunked') throw new Error(`the coding ${codings[0]}`);
    const whole = chunksAt(bytes, start);
    return whole && { request: { method, target, headers, body: whole.body, trailers: whole.trailers }, end: whole.end };
  }
  if (lengths.length > 0 && !LENGTH.test(lengths[0]!)) throw new Error(`the length ${lengths[0]}`);
  const end = start + Number(lengths[0] ?? 0);
  if (end > bytes.length) return undefined;
  return { request: { method, target, headers, body: bytes.slice(start, end), trailers: [] }, end };
}

function chunksAt(bytes: string, from: number): Pick<SeenRequest, 'body' | 'trailers'> & { readonly end: number } | undefined {
  let body = '';
  for (let at = from; ; ) {
    const line = /[^]*?\r\n/y;
    line.lastIndex = at;
    const text = line.exec(bytes)?.[0];
    if (text === undefined) return undefined;
    const size = CHUNK.exec(text)?.[1];
    if (size === undefined || text.length !== size.length + 2) throw new Error(`the chunk ${JSON.stringify(text.slice(0, 40))}`);
    at += text.length;
    if (size === '0') return trailersAt(bytes, at, body);
    const end = at + parseInt(size, 16);
    if (bytes.length < end + 2) return undefined;
    if (bytes.slice(end, end + 2) !== '\r\n') throw new Error('a chunk without an end');
    body += bytes.slice(at, end);
    at = end + 2;
  }
}

function trailersAt(bytes: string, from: number, body: string): Pick<SeenRequest, 'body' | 'trailers'> & { readonly end: number } | undefined {
  if (bytes.startsWith('\r\n', from)) return { body, trailers: [], end: from + 2 };
  const end = bytes.indexOf('\r\n\r\n', from);
  if (end < 0) return undefined;
  const trailers = bytes.slice(from, end).split('\r\n').map(headerOf);
  if (trailers.some(([name]) => name === 'content-length' || name === 'transfer-encoding')) throw new Error('a frame in the trailers');
  return { body, trailers, end: end + 4 };
}

function headerOf(line: string): readonly [string, string] {
  const [, name, value] = HEADER.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`no header: ${JSON.stringify(line.slice(0, 80))}`);
  return [name.toLowerCase(), value];
}
