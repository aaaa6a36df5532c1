/** One answer as a caller gets it. */
export interface SeenAnswer {
  readonly status: number;
  /** Names in lower case and values in turn, in order. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export interface SeenAnswers {
  /** Without interim ones. */
  readonly answers: readonly SeenAnswer[];
  /** Why what comes then is no answer, or no whole one. */
  readonly doubt: string | undefined;
}

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [\t\x20-\x7e\x80-\xff]*$/;
const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\t\x20-\x7e\x80-\xff]*)$/;

/** Reads what came back on a connection that has ended. @param methods of the requests, in turn; GET where there are fewer. */
export function strictAnswers(bytes: string, methods: readonly string[] = []): SeenAnswers {
  const answers: SeenAnswer[] = [];
  let at = 0;
  try {
    while (at < bytes.length) {
      const { answer, end } = answerAt(bytes, at, methods[answers.length] ?? 'GET');
      at = end;
      if (answer.status >= 200) answers.push(answer);
    }
  } catch (error) {
    return { answers, doubt: (error as Error).message };
  }
  return { answers, doubt: undefined };
}

function answerAt(bytes: string, from: number, method: string): { readonly answer: SeenAnswer; readonly end: number } {
  const headEnd = bytes.indexOf('\r\n\r\n', from);
  if (headEnd < 0) throw new Error(`no whole head: ${JSON.stringify(bytes.slice(from, from + 80))}`);
  const [line, ...lines] = bytes.slice(from, headEnd).split('\r\n');
  const status = Number(STATUS_LINE.exec(line!)?.[1]);
  if (!status) throw new Error(`no status line: ${JSON.stringify(line!.slice(0, 80))}`);
  const headers = lines.map((one) => {
    const [, name, value] = HEADER.exec(one) ?? [];
    if (name === undefined || value === undefined) throw new Error(`no header: ${JSON.stringify(one.slice(0, 80))}`);
    return [name.toLowerCase(), value] as const;
  });
  const valuesOf = (name: string) => headers.filter(([one]) => one === name).map(([, value]) => value);
  const [lengths, codings] = [valuesOf('content-length'), valuesOf('transfer-encoding')];
  if (lengths.length + codings.length > 1) throw new Error('more than one frame');
  if (lengths.some((length) => !/^\d{1,12}$/.test(length))) throw new Error(`a length of ${lengths.join()}`);
  if (codings.some((coding) => coding !== 'chunked')) throw new Error(`an encoding of ${codings.join()}`);
  const start = headEnd + 4;
  const bodyless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
  if (bodyless) return { answer: { status, headers, body: '' }, end: start };
  if (codings.length > 0) {
    const { body, end } = chunksAt(bytes, start);
    return { answer: { status, headers, body }, end };
  }
  const end = lengths.length > 0 ? start + Number(lengths[0]) : bytes.length;
  if (end > bytes.length) throw new Error('it ends within a body');
  return { answer: { status, headers, body: bytes.slice(start, end) }, end };
}

function chunksAt(bytes: string, from: number): { readonly body: string; readonly end: number } {
  let body = '';
  for (let at = from; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const text = bytes.slice(at, lineEnd);
    if (lineEnd < 0 || !/^[0-9a-f]+$/.test(text)) throw new Error('it ends within a body');
    at = lineEnd + 2;
    const size = parseInt(text, 16);
    if (size === 0) {
      const end = bytes.indexOf('\r\n\r\n', at - 2);
      if (end < 0) throw new Error('it ends within its trailers');
      return { body, end: end + 4 };
    }
    if (bytes.slice(at + size, at + size + 2) !== '\r\n') throw new Error('it ends within a body');
    body += bytes.slice(at, at + size);
    at += size + 2;
  }
}

export function headerOf({ headers }: SeenAnswer, name: string): string | undefined {
  return headers.find(([one]) => one === name)?.[1];
}
