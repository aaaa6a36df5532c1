import { open, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CliError } from '../cli-error';

/** What a file of ours may hold; a stack of a thousand functions has less. */
export const MAX_SOURCE_BYTES = 2 ** 20;
const FETCH_TIMEOUT_MS = 120_000;

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/** The source as it may be shown: without what lets others read it, too. */
export function shownSource(source: string): string {
  if (!isUrl(source) || !URL.canParse(source)) return source;
  const { origin, pathname } = new URL(source);
  return origin + pathname;
}

/**
 * Text of a file (a path relative to `cwd`) or of an http(s) URL, in UTF-8, without a byte order mark.
 * Rejects with `CliError` that names it: `notFound`, `timeout`, or `failed`.
 */
export async function readSource(source: string, cwd: string): Promise<string> {
  const bytes = isUrl(source) ? await fetchBytes(source) : await readFileBytes(source, cwd);
  return new TextDecoder().decode(bytes);
}

async function readFileBytes(path: string, cwd: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(resolve(cwd, path));
    // One that has no end, such as a pipe, is not read to its end either.
    const buffer = new Uint8Array(MAX_SOURCE_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      length += bytesRead;
      if (length > MAX_SOURCE_BYTES) throw tooLarge(path);
      if (bytesRead === 0) return buffer.subarray(0, length);
    }
  } catch (error) {
    throw error instanceof CliError ? error : unreadable(path, error);
  } finally {
    await file?.close();
  }
}

function unreadable(path: string, error: unknown): CliError {
  const code = (error as NodeJS.ErrnoException).code;
  const options = { cause: error };
  if (code === 'ENOENT' || code === 'ENOTDIR') return new CliError('notFound', `${path} does not exist`, 'check the path; it is relative to the folder in which the command runs', options);
  if (code === 'EISDIR') return new CliError('usage', `${path} is a folder`, 'name a file in it', options);
  if (code === 'EACCES' || code === 'EPERM') return new CliError('failed', `${path} may not be read by this user`, `allow it, such as with chmod u+r ${path}`, options);
  return new CliError('failed', `${path} cannot be read (${code ?? 'unknown error'})`, undefined, options);
}

async function fetchBytes(source: string): Promise<Uint8Array> {
  const shown = shownSource(source);
  if (!URL.canParse(source)) throw new CliError('usage', `${source} is not a URL`, 'such as https://example.com/stack.yml');
  try {
    const response = await fetch(withoutLogin(source), { headers: loginHeaders(source), signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new CliError(response.status === 404 ? 'notFound' : 'failed', `${shown} answered ${response.status}`, 'check the URL, and that it needs no login');
    }
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      length += (chunk as Uint8Array).length;
      if (length > MAX_SOURCE_BYTES) throw tooLarge(shown);
      chunks.push(chunk as Uint8Array);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof CliError) throw error;
    if ((error as Error).name === 'TimeoutError') throw new CliError('timeout', `${shown} did not answer within ${FETCH_TIMEOUT_MS / 1_000}s`, 'try again, or download it first', { cause: error });
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    throw new CliError('failed', `${shown} cannot be read (${cause?.code ?? (error as Error).message})`, 'check the URL and the network', { cause: error });
  }
}

function tooLarge(shown: string): CliError {
  return new CliError('usage', `${shown} is larger than ${MAX_SOURCE_BYTES / 2 ** 20} MiB`, 'name a YAML file of functions');
}

/** `fetch` takes no user and password in a URL. */
function withoutLogin(source: string): URL {
  const url = new URL(source);
  url.username = '';
  url.password = '';
  return url;
}

function loginHeaders(source: string): Record<string, string> {
  const { username, password } = new URL(source);
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return username === '' ? {} : { Authorization: `Basic ${login}` };
}
