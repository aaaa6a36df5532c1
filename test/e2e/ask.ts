import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Question {
  /** A text or bytes go out as they are, anything else as JSON. No content type is said: none is needed. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends one request on a connection of its own. The path goes out as it is: neither cleaned nor encoded. */
export async function ask(base: string, method: string, path: string, question: Question = {}): Promise<Answer> {
  const response = await open(base, method, path, question);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() };
}

/** As `ask`, but resolves with the head of the answer; the body is the caller's to read, or to destroy. */
export function open(base: string, method: string, path: string, { body, headers = {} }: Question = {}): Promise<IncomingMessage> {
  const { hostname, port } = new URL(base);
  const sent = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const length = sent === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(sent)) };
  return new Promise((resolve, reject) => {
    const req = request({ hostname, port, method, path, agent: false, headers: { ...length, ...headers } }, resolve);
    req.on('error', reject);
    req.end(sent);
  });
}
