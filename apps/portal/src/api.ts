/** One function as `GET /system/functions` tells it; what is zero or empty may be left out. */
export interface FunctionStatus {
  readonly name: string;
  readonly namespace?: string;
  readonly image: string;
  readonly envProcess?: string;
  readonly labels?: Readonly<Record<string, string>> | null;
  readonly annotations?: Readonly<Record<string, string>> | null;
  readonly invocationCount?: number;
  readonly replicas?: number;
  readonly availableReplicas?: number;
}

interface SystemInfo {
  readonly provider: { readonly provider?: string; readonly orchestration?: string } | null;
  readonly version?: { readonly release?: string };
}

interface LogLine {
  readonly timestamp: string;
  readonly text: string;
}

/** The API refused or could not be reached (`status` 0). The message is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(readonly status: number, message: string) {
    super(message);
  }
}

const API_TIMEOUT_MS = 10_000;
const MAX_MESSAGE_LENGTH = 300;

/** An absolute URL of the gateway. Not from `location.href`: that may hold a password, which `fetch` refuses and nobody should see. */
export function gatewayUrl(path: string): string {
  return new URL(`../${path}`, location.origin + location.pathname).href;
}

/** Rejects with `ApiError`. */
export async function listFunctions(): Promise<readonly FunctionStatus[]> {
  const list = parseJson(await read('system/functions')) ?? [];
  if (!Array.isArray(list)) throw new ApiError(200, 'it answered with something that is not a list of functions');
  return list as readonly FunctionStatus[];
}

/** Rejects with `ApiError`. */
export async function systemInfo(): Promise<SystemInfo> {
  return parseJson(await read('system/info')) as SystemInfo;
}

/** Resolves when the gateway is healthy; rejects with `ApiError`. */
export async function checkHealth(): Promise<void> {
  await read('healthz');
}

/** The last `lines` lines, oldest first. Rejects with `ApiError`. */
export async function lastLogLines(fn: FunctionStatus, lines: number): Promise<readonly LogLine[]> {
  const query = new URLSearchParams({ name: fn.name, tail: String(lines), follow: 'false' });
  if (fn.namespace) query.set('namespace', fn.namespace);
  const text = await read(`system/logs?${query}`);
  return text.split('\n').filter((line) => line.trim() !== '').map((line) => parseJson(line) as LogLine);
}

/** The sentence in an error body: a JSON `message` or `detail` when there is one, else the text, cut to a readable length. */
export function messageInBody(body: string): string {
  let text = body.trim();
  try {
    const { message, detail, title } = JSON.parse(text) as Record<string, unknown>;
    text = [message, detail, title].find((value) => typeof value === 'string') ?? text;
  } catch {
    // Plain text is as good.
  }
  return text.length > MAX_MESSAGE_LENGTH ? `${text.slice(0, MAX_MESSAGE_LENGTH)}…` : text;
}

async function read(path: string): Promise<string> {
  const { response, text } = await answerOf(path);
  if (response.ok) return text;
  const status = `${response.status} ${response.statusText}`.trim();
  throw new ApiError(response.status, [status, messageInBody(text)].filter(Boolean).join(': '));
}

async function answerOf(path: string): Promise<{ response: Response; text: string }> {
  try {
    const headers = { Accept: 'application/json, text/plain' };
    const response = await fetch(gatewayUrl(path), { headers, cache: 'no-store', signal: AbortSignal.timeout(API_TIMEOUT_MS) });
    return { response, text: await response.text() };
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    throw new ApiError(0, late ? `no answer within ${API_TIMEOUT_MS / 1000} seconds` : 'it cannot be reached');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(200, 'it answered with something that is not JSON');
  }
}
