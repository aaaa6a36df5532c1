import { connect, type Socket } from 'node:net';
import { headerOf, strictAnswers, type SeenAnswer } from '../strict-answers';

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
      let received = '';
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
          reject(new Kind(`${reason} after ${Math.round(performance.now() - startedMs)} ms; received ${JSON.stringify(received.slice(0, 300))}`));
        });
      const answered = ({ status, headers, body }: SeenAnswer, isStream: boolean) =>
        done(() => {
          const all = Object.fromEntries(headers);
          if (isStream || all['connection']?.toLowerCase() === 'close') socket.destroy();
          resolve({ status, headers: all, body: Buffer.from(body, 'latin1'), isStream, tookMs: performance.now() - startedMs });
        });
      const read = (goesOn: boolean) => strictAnswers(received, { methods: [isHead ? 'HEAD' : 'GET'], goesOn });
      const look = (ended: boolean) => {
        const { answers, doubt, isCut, part } = read(!ended);
        if (doubt !== undefined && !isCut) return fail(doubt);
        if (answers.length > 1 || (answers[0] && doubt !== undefined)) return fail('more than one answer');
        if (answers[0]) return answered(answers[0], false);
        if (part && STREAMS.test(headerOf(part, 'content-type') ?? '')) streamTimer ??= setTimeout(() => answered(read(true).part!, true), streamMs);
      };
      const timer = setTimeout(() => fail(NO_ANSWER), limitMs);
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString('latin1');
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
