/** One answer as a caller gets it. */
export interface SeenAnswer {
  readonly status: number;
  /** Names in lower case, and values, in order. */
  readonly headers: readonly (readonly [string, string])[];
  /** As Latin-1, without the frames of chunks. */
  readonly body: string;
}

export interface SeenAnswers {
  /** Without interim ones. */
  readonly answers: readonly SeenAnswer[];
  /** Why what comes then is no answer, or no whole one. */
  readonly doubt: string | undefined;
  /** Whether more bytes could make a whole answer of it. */
  readonly isCut: boolean;
  /** What is there of an answer that is cut in its body. */
  readonly part: SeenAnswer | undefined;
}

export interface Sender {
  /** Of the requests, in turn; GET where there are fewer. */
  readonly methods?: readonly string[];
  /** Whether the connection is open still, so that a body which lasts until its end is not whole. */
  readonly goesOn?: boolean;
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [\t\x20-\x7e\x80-\xff]*$/;
const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)$/;
const LENGTH = /^\d{1,12}$/;
const CHUNK_SIZE = /^[0-9a-f]{1,8}$/i;
const HEAD_END = '\r\n\r\n';

class Cut extends Error {
  constructor(
    where: string,
    readonly part?: SeenAnswer,
  ) {
    super(`it ends within ${where}`);
  }
}

type Head = Omit<SeenAnswer, 'body'>;

/** Reads what has come on a connection, and takes nothing that RFC 9112 leaves open to a second reading. */
export function strictAnswers(bytes: string, { methods = [], goesOn = false }: Sender = {}): SeenAnswers {
  const answers: SeenAnswer[] = [];
  let at = 0;
  try {
    while (at < bytes.length) {
      const { answer, end } = answerAt(bytes, at, methods[answers.length] ?? 'GET', goesOn);
      at = end;
      if (answer.status >= 200) answers.push(answer);
    }
  } catch (error) {
    return { answers, doubt: (error as Error).message, isCut: error instanceof Cut, part: error instanceof Cut ? error.part : undefined };
  }
  return { answers, doubt: undefined, isCut: false, part: undefined };
}

function answerAt(bytes: string, from: number, method: string, goesOn: boolean): { readonly answer: SeenAnswer; readonly end: number } {
  const headEnd = bytes.indexOf(HEAD_END, from);
  if (headEnd < 0) throw new Cut(`a head: ${JSON.stringify(bytes.slice(from, from + 80))}`);
  const head = headOf(bytes.slice(from, headEnd));
  const { status, headers } = head;
  const start = headEnd + HEAD_END.length;
  const valuesOf = (name: string) => headers.filter(([one]) => one === name).map(([, value]) => value);
  const [lengths, codings] = [valuesOf('content-length'), valuesOf('transfer-encoding')];
  if (lengths.length + codings.length > 1) throw new Error('more than one frame');
  if (lengths.some((length) => !LENGTH.test(length))) throw new Error(`a length of ${lengths.join()}`);
  if (codings.some((coding) => coding !== 'chunked')) throw new Error(`an encoding of ${codings.join()}`);
  if ((status < 200 || status === 204) && lengths.length + codings.length > 0) throw new Error(`a frame of ${status}, which has no body`);
  if (status === 101) throw new Error('a switch of protocols that nobody agreed to');
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { answer: { ...head, body: '' }, end: start };
  if (codings.length > 0) return chunkedAt(bytes, start, head);
  if (lengths.length === 0 && !valuesOf('connection').includes('close')) throw new Error('a body without an end on a connection that goes on');
  const end = lengths.length > 0 ? start + Number(lengths[0]) : bytes.length;
  const answer = { ...head, body: bytes.slice(start, end) };
  if (end > bytes.length || (lengths.length === 0 && goesOn)) throw new Cut('a body', answer);
  return { answer, end };
}

function headOf(text: string): Head {
  const [line, ...lines] = text.split('\r\n');
  const status = STATUS_LINE.exec(line!)?.[1];
  if (status === undefined) throw new Error(`no status line: ${JSON.stringify(line!.slice(0, 80))}`);
  const headers = lines.map((one) => {
    const [, name, value] = HEADER.exec(one) ?? [];
    if (name === undefined || value === undefined) throw new Error(`no header: ${JSON.stringify(one.slice(0, 80))}`);
    return [name.toLowerCase(), value] as const;
  });
  return { status: Number(status), headers };
}

function chunkedAt(bytes: string, from: number, head: Head): { readonly answer: SeenAnswer; readonly end: number } {
  let body = '';
  const cut = () => new Cut('a body', { ...head, body });
  for (let at = from; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) throw cut();
    const size = bytes.slice(at, lineEnd);
    if (!CHUNK_SIZE.test(size)) throw new Error(`no size of a chunk: ${JSON.stringify(size.slice(0, 80))}`);
    const [start, end] = [lineEnd + 2, lineEnd + 2 + parseInt(size, 16)];
    if (bytes.length < end + 2) throw cut();
    if (bytes.slice(end, end + 2) !== '\r\n') throw new Error(`a chunk longer than it says, or trailers: ${JSON.stringify(bytes.slice(end, end + 80))}`);
    if (end === start) return { answer: { ...head, body }, end: end + 2 };
    body += bytes.slice(start, end);
    at = end + 2;
  }
}

/** The first of that name, which is in lower case. */
export function headerOf({ headers }: SeenAnswer, name: string): string | undefined {
  return headers.find(([one]) => one === name)?.[1];
}
