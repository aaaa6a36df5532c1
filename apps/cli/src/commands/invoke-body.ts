import { createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { CliError } from '../cli-error';
import { openInput, readInput, readNamedFile, STDIN } from '../input/read-input';
import { note, type Terminal } from '../terminal';

export interface BodyOptions {
  readonly data?: string;
  readonly method: string;
  readonly sign?: string;
  readonly key?: string;
  readonly keyFile?: string;
}

interface OpenBody {
  readonly body: Buffer | Readable | undefined;
  /** The header that `--sign` asks for. */
  readonly signature: Readonly<Record<string, string>>;
}

/** These have no body unless one is given. */
const WITHOUT_BODY: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];
/** A body up to this has a length, which some functions want; a longer one is sent as it is read. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;
/** A signature stands before what it signs, so all is read first. */
const MAX_SIGNED_BYTES = 256 * 1024 * 1024;
const MAX_KEY_BYTES = 64 * 1024;

/** What to send: `--data`, or else standard input. Rejects with `usage`. */
export async function openBody(terminal: Terminal, options: BodyOptions): Promise<OpenBody> {
  const key = await findKey(terminal, options);
  const body = await findBody(terminal, options);
  if (options.sign === undefined) return { body, signature: {} };
  const signed = body instanceof Readable ? await readAll(body) : (body ?? Buffer.alloc(0));
  const digest = createHmac('sha1', key!).update(signed).digest('hex');
  return { body: body && signed, signature: { [options.sign]: `sha1=${digest}` } };
}

async function findBody(terminal: Terminal, { data, method }: BodyOptions): Promise<Buffer | Readable | undefined> {
  if (data !== undefined && data !== `@${STDIN}`) return data.startsWith('@') ? await readNamedFile('--data', data.slice(1)) : Buffer.from(data);
  if (data === undefined && WITHOUT_BODY.includes(method)) return undefined;
  return await holdShort(openInput(terminal, 'the body'));
}

async function holdShort(input: Readable): Promise<Buffer | Readable> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const iterator = input[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>;
  while (bytes <= MAX_HELD_BYTES) {
    const next = await iterator.next();
    if (next.done) return Buffer.concat(chunks);
    chunks.push(Buffer.from(next.value));
    bytes += next.value.length;
  }
  return Readable.from(resume(chunks, iterator), { objectMode: false });
}

async function* resume(chunks: readonly Buffer[], iterator: AsyncIterator<Buffer | string>): AsyncGenerator<Buffer | string> {
  yield* chunks;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
}

async function readAll(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_SIGNED_BYTES) throw new CliError('usage', `the body is longer than ${MAX_SIGNED_BYTES} bytes, the most that can be signed`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function findKey(terminal: Terminal, { sign, key, keyFile, data, method }: BodyOptions): Promise<Buffer | undefined> {
  if (sign === undefined) {
    if (key !== undefined || keyFile !== undefined) throw new CliError('usage', 'a key is for signing', 'name the header of the signature by --sign');
    return undefined;
  }
  if ((key === undefined) === (keyFile === undefined)) throw new CliError('usage', '--sign needs one of --key-file and --key');
  if (key !== undefined) {
    note(terminal, 'Others on this machine can see what --key says, and the history of the shell keeps it; --key-file is better.');
    return Buffer.from(key);
  }
  const bodyFromInput = data === `@${STDIN}` || (data === undefined && !WITHOUT_BODY.includes(method));
  if (keyFile === STDIN && bodyFromInput) throw new CliError('usage', 'standard input cannot be both the key and the body', 'give the body by --data');
  const text = keyFile === STDIN ? await readInput(terminal, 'the key', MAX_KEY_BYTES) : await readNamedFile('--key-file', keyFile!);
  return Buffer.from(text.toString('latin1').replace(/\r?\n$/, ''), 'latin1');
}
