import { pipeline } from 'node:stream/promises';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error';
import { qualifiedName } from '../gateway/function-name';
import type { Answer, GatewayClient } from '../gateway/gateway-client';
import { openGateway, withGatewayOptions, withNamespace, type GatewayOptions } from '../gateway/open-gateway';
import { withProgress } from '../output/progress';
import { note, say, type Terminal } from '../terminal';
import { awaitCall } from './await-call';
import { refusalOfCall } from './call-refusal';
import { openBody, type BodyOptions } from './invoke-body';
import { collectPairs, type NameValue } from './name-value';

interface InvokeOptions extends GatewayOptions, BodyOptions {
  readonly namespace?: string;
  readonly async?: boolean;
  readonly wait?: boolean;
  readonly contentType: string;
  readonly header?: readonly NameValue[];
  readonly query?: readonly NameValue[];
  readonly path: string;
  readonly include?: boolean;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export function invokeCommand(terminal: Terminal): Command {
  const bounds = 'how long the call may take before its answer begins, with --wait in all; 0s for as long as the gateway lets it';
  return withNamespace(withGatewayOptions(new Command('invoke'), { timeout: '0s', bounds }))
    .description('Calls a function and writes its answer to standard output. Standard input is the body, unless --data says another.\nNo credentials are sent, unless -H gives some.')
    .argument('<name>', 'the function: NAME, or NAME.NAMESPACE')
    .option('-d, --data <text>', 'the body; @FILE is the content of a file, @- standard input')
    .option('-a, --async', 'put the call into the queue, and print its id')
    .option('--wait', 'with --async: wait until the call has ended, and write its answer')
    .option('--content-type <type>', 'media type of the body', 'text/plain')
    .addOption(new Option('-H, --header <header>', 'a header, as NAME=VALUE or "NAME: VALUE"; may be repeated').argParser(collectHeaders))
    .addOption(new Option('--query <pair>', 'NAME=VALUE of the query; may be repeated').argParser(collectPairs))
    .option('--path <path>', 'path behind the name of the function', '')
    .addOption(new Option('-m, --method <method>', `one of ${METHODS.join(', ')}`).argParser(parseMethod).default('POST'))
    .option('--sign <header>', 'send a signature of the body in this header: HMAC with SHA-1')
    .option('--key <secret>', 'the key to sign with; others on this machine can see it, so --key-file is better')
    .option('--key-file <file>', 'file with the key to sign with; - is standard input')
    .option('-i, --include', 'write status and headers of the answer to standard error')
    .action((name: string, options: InvokeOptions) => invoke(terminal, name, options));
}

async function invoke(terminal: Terminal, name: string, options: InvokeOptions): Promise<void> {
  if (options.wait && !options.async) throw new CliError('usage', '--wait goes with --async; without it the answer is waited for anyway');
  const gateway = await openGateway(terminal, options);
  const { body, signature } = await openBody(terminal, options);
  const contentType = body === undefined ? {} : { 'Content-Type': options.contentType };
  const headers = { ...contentType, ...signature, ...headersOf(options.header ?? []) };
  const route = options.async ? 'async-function' : 'function';
  const target = `/${route}/${encodeURIComponent(qualifiedName(name, options.namespace))}${pathOf(options)}`;
  const startedMs = Date.now();
  const answer = await withProgress(terminal, `Calling ${name}`, () => gateway.send(options.method, target, { body, headers, anonymous: true }));
  try {
    if (options.include) note(terminal, ...headOf(answer));
    if (answer.status < 200 || answer.status > 299) throw await refusalOfCall(answer, name);
    if (options.async) return await accepted(terminal, gateway, answer, name, { ...options, startedMs });
    await writeBody(terminal, answer);
  } finally {
    // A function may answer before it has read all, and may go on reading; once it has answered, who still types is not waited for.
    terminal.stdin.destroy();
  }
}

async function accepted(terminal: Terminal, gateway: GatewayClient, answer: Answer, name: string, { wait, timeout, startedMs }: InvokeOptions & { readonly startedMs: number }): Promise<void> {
  answer.body.resume();
  const id = answer.headers['x-call-id'] as string | undefined;
  note(terminal, 'Function submitted asynchronously.');
  if (!wait) return id === undefined ? undefined : say(terminal, id);
  if (id === undefined) throw new CliError('failed', 'the gateway does not tell the id of the call, so it cannot be waited for');
  note(terminal, `Its call id is ${id}.`);
  const result = await awaitCall(terminal, gateway, { id, name, deadlineMs: timeout > 0 ? startedMs + timeout : Infinity });
  if (result === undefined) return note(terminal, 'It succeeded, but its answer is longer than what is kept of one.');
  terminal.stdout.write(result);
}

async function writeBody(terminal: Terminal, { body }: Answer): Promise<void> {
  try {
    await pipeline(body, terminal.stdout, { end: false, signal: terminal.signal });
  } catch (error) {
    if (terminal.signal.aborted) throw error;
    throw new CliError('failed', `the answer broke off: ${(error as Error).message}`, 'the function, or the way to it, failed while it was answering', { cause: error });
  }
}

function headOf({ body }: Answer): readonly string[] {
  const { rawHeaders, httpVersion, statusCode, statusMessage } = body;
  const headers = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
  return [`HTTP/${httpVersion} ${statusCode} ${statusMessage}`, ...headers, ''];
}

function pathOf({ path, query = [] }: InvokeOptions): string {
  const begun = path === '' || path.startsWith('/') || path.startsWith('?') ? path : `/${path}`;
  const more = new URLSearchParams(query as [string, string][]).toString();
  return begun.replaceAll('#', '%23') + (more === '' ? '' : `${path.includes('?') ? '&' : '?'}${more}`);
}

/** A header that is said twice is sent twice; one that we would send is replaced. */
function headersOf(pairs: readonly NameValue[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of pairs) {
    const known = headers[name];
    headers[name] = known === undefined ? value : [known, value].flat();
  }
  return headers;
}

function collectHeaders(text: string, before: readonly NameValue[] = []): readonly NameValue[] {
  const [, name, value] = /^([^=:]+)[=:](.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be NAME=VALUE, or "NAME: VALUE".');
  const pair = [canonical(name.trim()), value.trim()] as const;
  try {
    validateHeaderName(pair[0]);
    validateHeaderValue(...pair);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  return [...before, pair];
}

/** So that `content-type` replaces `Content-Type`, and does not stand beside it. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

function parseMethod(text: string): string {
  const method = text.toUpperCase();
  if (!METHODS.includes(method)) throw new InvalidArgumentError(`It must be one of ${METHODS.join(', ')}.`);
  return method;
}
