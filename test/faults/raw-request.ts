import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { strictAnswers } from './strict-answers';

export interface RawAnswer {
  readonly status: number;
  /** Of names in lower case; of one that came twice the last. */
  readonly headers: Readonly<Record<string, string>>;
  /** As Latin-1, without the frames of chunks. */
  readonly body: string;
}

export interface RawRequest {
  readonly method: string;
  /** Goes out as it is, in whatever form. */
  readonly target: string;
  /** Whole lines without their ends, in Latin-1: `Name: value`. */
  readonly lines?: readonly string[];
  readonly body?: string;
  /** Of this machine, to call from; any of 127.0.0.0/8 is one on Linux. */
  readonly from?: string;
  /** Breaks it off: it rejects. */
  readonly signal?: AbortSignal;
}

/** Longer than anything that is slow on purpose. */
const LIMIT_MS = 60_000;

/**
 * Sends one request, byte for byte, on a connection of its own, and resolves with the answer. No certificate is checked. Rejects
 * when what comes is no whole answer, or more than one.
 */
export function rawRequest(base: string, { method, target, lines = [], body = '', from, signal }: RawRequest): Promise<RawAnswer> {
  const { protocol, hostname, port, host } = new URL(base);
  const where = { host: hostname, port: Number(port), ...(from === undefined ? {} : { localAddress: from }) };
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const head = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...length, ...lines].join('\r\n');
  return new Promise((resolve, reject) => {
    const socket = protocol === 'https:' ? connectTls({ ...where, rejectUnauthorized: false }) : connectPlain(where);
    let received = '';
    let broken = false;
    signal?.addEventListener('abort', () => socket.destroy(new Error('broken off')), { once: true });
    socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error(`${method} ${target}: no answer within ${LIMIT_MS} ms, after ${JSON.stringify(received.slice(0, 200))}`)));
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    socket.on('close', () => {
      try {
        resolve(onlyAnswer(received, method, broken));
      } catch (error) {
        reject(new Error(`${method} ${target.slice(0, 200)}: ${(error as Error).message}`));
      }
    });
    // Who was refused while still sending may see a reset behind the answer.
    socket.on('error', (error: Error) => {
      broken = true;
      if (!received.includes('\r\n\r\n')) reject(error);
    });
    socket.write(Buffer.from(`${head}\r\n\r\n`, 'latin1'));
    socket.write(body);
  });
}

/** The one answer that came, which must be whole; one that lasts until the end of a connection is not when that broke. */
function onlyAnswer(received: string, method: string, goesOn: boolean): RawAnswer {
  const { answers, doubt } = strictAnswers(received, { methods: [method], goesOn });
  const [answer, ...others] = answers;
  if (doubt !== undefined || !answer || others.length > 0) throw new Error(doubt ?? `${answers.length} answers`);
  return { ...answer, headers: Object.fromEntries(answer.headers) };
}

/** Runs `work` on all, so many at a time. */
export async function inParallel<T>(items: readonly T[], atATime: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
    }),
  );
}

/** `Authorization` of basic authentication. */
export const basic = (text: string): string => `Authorization: Basic ${Buffer.from(text).toString('base64')}`;
