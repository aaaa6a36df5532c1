import { createHmac } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CliError } from '../cli-error';
import type { TextMap } from '../stack/stack-file';
import { addFolder, type BuildFiles } from './build-files';
import { lastLines } from './run-command';

export interface RemoteBuild {
  /** The function's, for messages. */
  readonly name: string;
  readonly image: string;
  /** The folder that it is built from. */
  readonly folder: string;
  readonly buildArgs: TextMap;
  /** Of the builder. */
  readonly url: string;
  /** With which the builder knows us: never sent, only what it makes of the build. */
  readonly secret: string;
  readonly report?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const CONFIG_FILE = 'com.openfaas.docker.config';
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * Lets a builder elsewhere make an image and push it.
 *
 * Rejects with `unreachable` when it cannot be reached, `unauthorized` when it does not take our signature, `build` when the
 * build fails.
 */
export async function buildRemotely(build: RemoteBuild): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'shoal-remote-'));
  try {
    const file = join(work, 'build.tar');
    await writeTar(build, file);
    const hmac = createHmac('sha256', build.secret);
    for await (const chunk of createReadStream(file)) hmac.update(chunk as Buffer);
    const { status, text } = await send(file, `sha256=${hmac.digest('hex')}`, build);
    judge(status, text, build);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function writeTar({ folder, image, buildArgs }: RemoteBuild, file: string): Promise<void> {
  const { pack } = await import('tar-stream');
  const tar = pack();
  const written = pipeline(tar, createWriteStream(file));
  const fill = async () => {
    const config = { image, ...(Object.keys(buildArgs).length === 0 ? {} : { buildArgs }) };
    tar.entry({ name: CONFIG_FILE, mode: 0o644 }, JSON.stringify(config));
    const files: BuildFiles = new Map();
    await addFolder(files, folder, 'context');
    for (const [name, { from, mode }] of files) {
      const entry = tar.entry({ name, mode, size: (await stat(from)).size });
      await pipeline(createReadStream(from), entry);
    }
    tar.finalize();
  };
  await Promise.all([written, fill()]);
}

async function send(file: string, signature: string, { url, signal }: RemoteBuild): Promise<{ status: number; text: string }> {
  const { size } = await stat(file);
  const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': size, 'X-Build-Signature': signature };
  try {
    // Not `fetch`, which waits for an answer for five minutes only; a build may take longer.
    const request = (new URL(url).protocol === 'https:' ? requestHttps : requestHttp)(url, { method: 'POST', headers, signal });
    const answered = new Promise<IncomingMessage>((resolve, reject) => request.on('response', resolve).on('error', reject));
    const [response] = await Promise.all([answered, pipeline(createReadStream(file), request).catch(() => undefined)]);
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) if (text.length < MAX_ANSWER_BYTES) text += chunk as string;
    return { status: response.statusCode!, text };
  } catch (error) {
    signal?.throwIfAborted();
    throw new CliError('unreachable', `the builder ${url} cannot be reached: ${(error as Error).message}`, 'see whether --remote-builder is right and it runs', { cause: error });
  }
}

function judge(status: number, text: string, { name, url, report }: RemoteBuild): void {
  const { log = [], status: outcome = '' } = parseAnswer(text);
  if (log.length > 0) report?.(`${log.join('\n')}\n`);
  if (status === 200 || status === 202) return;
  if (status === 401 || status === 403) throw new CliError('unauthorized', `the builder ${url} does not take our signature`, 'see whether --payload-secret names the file with its secret');
  const end = log.length > 0 ? log.join('\n') : outcome === '' ? text : outcome;
  throw new CliError('build', `function ${name}: the builder ${url} answered ${status}\n${lastLines(end)}`);
}

function parseAnswer(text: string): { readonly log?: readonly string[]; readonly status?: string } {
  try {
    return (JSON.parse(text) ?? {}) as { log?: readonly string[]; status?: string };
  } catch {
    return {};
  }
}

/** Reads the file that holds a builder's secret; white space around it is not part of it. Rejects with `usage`. */
export async function readPayloadSecret(file: string): Promise<string> {
  const secret = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CliError('usage', `--payload-secret: ${file} cannot be read: ${error.message}`);
  });
  if (secret.trim() === '') throw new CliError('usage', `--payload-secret: ${file} is empty`);
  return secret.trim();
}
