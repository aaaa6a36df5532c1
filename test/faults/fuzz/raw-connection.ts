import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; of one that comes twice the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The head was there, and the body went on for longer than it was waited for. */
  readonly isStream: boolean;
  readonly tookMs: number;
}

export interface AskOptions {
  readonly isHead: boolean;
  /** Until the answer must be there. */
  readonly limitMs: number;
  /** How long the rest of a body is waited for that says it is a stream. */
  readonly streamMs: number;
}

const NO_ANSWER = 'no answer';

/** Before anything of an answer came. */
class ConnectionEnded extends Error {}

const STREAMS = /^(text\/event-stream|application\/x-ndjson)/;

/** A caller that sends exactly the bytes that it is given, over one connection for as long as the other side keeps it. */
export class RawConnection {
  private socket: Socket | undefined;

  constructor(
    private readonly port: number,
    private readonly localAddress?: string,
  ) {}

  /** Rejects when no whole answer comes: in time, or because the connection breaks. */
  async ask(request: Buffer, options: AskOptions): Promise<RawAnswer> {
    const isKept = this.socket !== undefined && !this.socket.destroyed && !this.socket.readableEnded;
    try {
      return await this.askOnce(request, options, !isKept);
    } catch (error) {
      // The other side may end a kept connection at any moment; a caller asks once more then (RFC 9112 §9.3.1).
      if (!isKept || !(error instanceof ConnectionEnded)) throw error;
      return this.askOnce(request, options, true);
    }
  }

  private askOnce(request: Buffer, { isHead, limitMs, streamMs }: AskOptions, fresh: boolean): Promise<RawAnswer> {
    const socket = fresh ? connect({ port: this.port, host: '127.0.0.1', noDelay: true, ...(this.localAddress ? { localAddress: this.localAddress } : {}) }) : this.socket!;
    this.socket = socket;
    const startedMs = performance.now();
    return new Promise((resolve, reject) => {
      let received: Buffer = Buffer.alloc(0);
      let streamTimer: NodeJS.Timeout | undefined;
      const done = (end: () => void) => {
        clearTimeout(timer);
        clearTimeout(streamTimer);
        socket.removeAllListeners();
        socket.on('error', () => undefined);
        end();
      };
      const fail = (reason: string) =>
        done(() => {
          socket.destroy();
          const Kind = reason !== NO_ANSWER && received.length === 0 ? ConnectionEnded : Error;
          reject(new Kind(`${reason} after ${Math.round(performance.now() - startedMs)} ms; received ${JSON.stringify(received.toString('latin1').slice(0, 300))}`));
        });
      const answered = (answer: ParsedAnswer, isStream: boolean) =>
        done(() => {
          if (isStream || answer.headers['connection']?.toLowerCase() === 'close') socket.destroy();
          resolve({ status: answer.status, headers: answer.headers, body: answer.body, isStream, tookMs: performance.now() - startedMs });
        });
      const look = (ended: boolean) => {
        const answer = parseAnswer(received, { isHead, ended });
        if (answer === undefined) return;
        if (answer.whole) return answered(answer, false);
        if (STREAMS.test(answer.headers['content-type'] ?? '')) streamTimer ??= setTimeout(() => answered(parseAnswer(received, { isHead, ended: false })!, true), streamMs);
      };
      const timer = setTimeout(() => fail(NO_ANSWER), limitMs);
      socket.on('data', (chunk: Buffer) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
        look(false);
      });
      socket.on('error', (error) => fail(error.message));
      socket.on('close', () => fail('closed without an answer'));
      socket.on('end', () => look(true));
      socket.write(request);
    });
  }

  end(): void {
    this.socket?.destroy();
  }
}

interface ParsedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly whole: boolean;
}

/** `undefined` while the head is not there. */
function parseAnswer(bytes: Buffer, { isHead, ended }: { readonly isHead: boolean; readonly ended: boolean }): ParsedAnswer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})( |$)/.exec(first)?.[1] ?? NaN);
  const rest = bytes.subarray(end + 4);
  if (status >= 100 && status < 200) return parseAnswer(rest, { isHead, ended });
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  const head = { status, headers };
  if (isHead || status === 204 || status === 304) return { ...head, body: Buffer.alloc(0), whole: true };
  if (headers['transfer-encoding'] !== undefined) return { ...head, ...dechunked(rest) };
  const length = headers['content-length'];
  if (length === undefined) return { ...head, body: rest, whole: ended };
  return { ...head, body: rest.subarray(0, Number(length)), whole: rest.length >= Number(length) };
}

function dechunked(bytes: Buffer): { readonly body: Buffer; readonly whole: boolean } {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = lineEnd < 0 ? NaN : parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    const start = lineEnd + 2;
    if (Number.isNaN(size) || bytes.length < start + size + 2) return { body: Buffer.concat(parts), whole: false };
    if (size === 0) return { body: Buffer.concat(parts), whole: true };
    parts.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}
