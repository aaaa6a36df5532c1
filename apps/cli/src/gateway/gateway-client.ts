import { request as requestHttp, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { CliError, type ExitReason } from '../cli-error';

export interface GatewayClientOptions {
  /** As `gatewayUrl` returns it. */
  readonly url: string;
  /** Value of the header, for all but `anonymous` requests. */
  readonly authorization: string | undefined;
  /** How long the head of an answer may take; 0 for ever. */
  readonly timeoutMs: number;
  /** Whether a certificate must be valid. */
  readonly verifyTls: boolean;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

export interface AskOptions {
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** An object is sent as JSON. */
  readonly body?: object | Buffer | Readable | undefined;
  readonly headers?: OutgoingHttpHeaders;
  /** Without credentials: a function must not see those of its owner. */
  readonly anonymous?: boolean;
  /** Instead of the client's own. */
  readonly timeoutMs?: number;
  /** What to do about a refusal, by what it means. */
  readonly hints?: Partial<Record<ExitReason, string>>;
}

/** The head of an answer, with the body still to be read. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
}

/** What a refusal means for who has asked. */
const REASONS: Readonly<Record<number, ExitReason>> = { 400: 'usage', 401: 'unauthorized', 404: 'notFound', 409: 'conflict', 504: 'timeout' };
const MAX_REFUSAL_BYTES = 64 * 1024;

/** Speaks to one gateway. */
export class GatewayClient {
  constructor(readonly options: GatewayClientOptions) {}

  get url(): string {
    return this.options.url;
  }

  /** Resolves with any answer, whatever its status. Rejects with `unreachable` or `timeout`. */
  send(method: string, path: string, ask: AskOptions = {}): Promise<Answer> {
    const { authorization, userAgent, signal, verifyTls, timeoutMs: ownTimeoutMs } = this.options;
    const target = new URL(this.url + path);
    for (const [name, value] of Object.entries(ask.query ?? {})) if (value !== undefined) target.searchParams.append(name, value);
    const { body, headers } = toBody(ask.body);
    const request = target.protocol === 'https:' ? requestHttps : requestHttp;
    const timeoutMs = ask.timeoutMs ?? ownTimeoutMs;
    return new Promise((resolve, reject) => {
      const asked = request(target, {
        method,
        signal,
        rejectUnauthorized: verifyTls,
        headers: { 'User-Agent': userAgent, ...(authorization !== undefined && !ask.anonymous ? { Authorization: authorization } : {}), ...headers, ...ask.headers },
      });
      const timer = timeoutMs > 0 ? setTimeout(() => asked.destroy(new CliError('timeout', `${this.url} has not answered within ${timeoutMs / 1_000} s`)), timeoutMs) : undefined;
      asked.on('error', (error) => reject(error instanceof CliError ? error : this.unreachable(error)));
      asked.on('close', () => clearTimeout(timer));
      asked.on('response', (answer) => {
        clearTimeout(timer);
        resolve({ status: answer.statusCode!, headers: answer.headers, body: answer });
      });
      if (body === undefined || Buffer.isBuffer(body)) asked.end(body);
      else body.on('error', (error) => asked.destroy(error)).pipe(asked);
    });
  }

  /** Resolves with an answer of 200 to 299. Rejects as `send` does, and for any other with what the gateway says. */
  async ask(method: string, path: string, ask?: AskOptions): Promise<Answer> {
    const answer = await this.send(method, path, ask);
    if (answer.status < 200 || answer.status > 299) throw await this.refusal(answer, ask?.hints);
    return answer;
  }

  /** Resolves with the JSON of an answer. Rejects as `ask` does, and with `failed` what is no JSON. */
  async json<T>(method: string, path: string, ask?: AskOptions): Promise<T> {
    const text = await textOf(await this.ask(method, path, ask));
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw new CliError('failed', `${this.url}${path} does not answer as a gateway does`, 'is that the URL of a gateway?', { cause: error });
    }
  }

  /** The error that a refusal ends a command with. Reads the answer's body. */
  async refusal(answer: Answer, hints: AskOptions['hints'] = {}): Promise<CliError> {
    const text = (await beginningOf(answer, MAX_REFUSAL_BYTES)).trim();
    if (answer.status === 401) {
      const known = this.options.authorization !== undefined;
      return new CliError('unauthorized', known ? `${this.url} does not accept the user and password that are kept for it` : `${this.url} wants a user and a password`, `log in with: shoal login --gateway ${this.url}`);
    }
    const reason = REASONS[answer.status] ?? 'failed';
    return new CliError(reason, text === '' ? `the gateway answered ${answer.status}` : text, hints[reason]);
  }

  private unreachable(error: NodeJS.ErrnoException): Error {
    if (this.options.signal.aborted) return error;
    const reason = { ECONNREFUSED: 'nothing listens there', ENOTFOUND: 'there is no such host', EAI_AGAIN: 'its name cannot be looked up' }[error.code ?? ''] ?? (error.message || error.code);
    return new CliError('unreachable', `the gateway ${this.url} cannot be reached: ${reason}`, hintFor(error), { cause: error });
  }
}

/** Rejects with `failed` a body that is longer than `maxBytes`, or breaks off. */
export async function bytesOf({ body }: Answer, maxBytes = Infinity): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new CliError('failed', `the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** As `bytesOf`, decoded as UTF-8. */
export async function textOf(answer: Answer, maxBytes?: number): Promise<string> {
  return (await bytesOf(answer, maxBytes)).toString('utf8');
}

/** As much of a text as is worth showing. What follows is not read, and the connection is closed. */
export async function beginningOf({ body }: Answer, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) return `${Buffer.concat(chunks).toString('utf8', 0, maxBytes)} ...`;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function toBody(body: AskOptions['body']): { readonly body: Buffer | Readable | undefined; readonly headers: OutgoingHttpHeaders } {
  if (body === undefined || Buffer.isBuffer(body)) return { body, headers: body === undefined ? {} : { 'Content-Length': body.length } };
  if ('pipe' in body) return { body: body, headers: {} };
  const json = Buffer.from(JSON.stringify(body));
  return { body: json, headers: { 'Content-Type': 'application/json', 'Content-Length': json.length } };
}

function hintFor({ code = '' }: NodeJS.ErrnoException): string {
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY/.test(code)) return 'its certificate is not trusted here; set NODE_EXTRA_CA_CERTS to the file of who has signed it, or use --tls-no-verify';
  return 'is it running? Another one is chosen by --gateway, or by SHOAL_GATEWAY';
}
