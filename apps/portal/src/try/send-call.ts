import type { Answer } from './answer';
import type { Pair } from './call-url';

/** More is not fetched: a function may send without end. */
export const MAX_READ_BYTES = 16_000_000;

export interface SendOptions {
  readonly signal: AbortSignal;
  /** Told when the head is there, and now and then how much of the body is. */
  readonly onProgress: (bytes: number) => void;
}

/** A call that was not answered: the message is for people, and ends with a full stop. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * Calls a function as anybody could: without what signs in to the portal. Rejects with `NoAnswer`. When it is broken off while
 * the body comes, that is the answer's end.
 */
export async function sendCall(method: string, url: string, headers: readonly Pair[], body: BodyInit | undefined, { signal, onProgress }: SendOptions): Promise<Answer> {
  const started = performance.now();
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: headers.map(({ name, value }) => [name, value]),
      // No cookie and no password of the browser's for the function.
      credentials: 'omit',
      cache: 'no-store',
      // What a redirect leads to was not what the person asked for, and could be anything of this gateway.
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body }),
    });
  } catch {
    throw new NoAnswer(signal.aborted ? 'Cancelled before an answer came.' : 'There was no answer: the gateway cannot be reached, or the connection broke off.');
  }
  onProgress(0);
  const read = await readBounded(response, signal, onProgress);
  const all = [...response.headers].map(([name, value]) => ({ name, value }));
  const callId = response.headers.get('X-Call-Id');
  return { status: response.status, statusText: response.statusText, headers: all, elapsedMs: performance.now() - started, ...read, ...(callId === null ? {} : { callId }) };
}

async function readBounded(response: Response, signal: AbortSignal, onProgress: (bytes: number) => void): Promise<Pick<Answer, 'body' | 'cut'>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let cut: string | undefined;
  const reader = response.body?.getReader();
  try {
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
      const room = MAX_READ_BYTES - bytes;
      chunks.push(chunk.value.subarray(0, room));
      bytes += Math.min(room, chunk.value.length);
      onProgress(bytes);
      if (chunk.value.length <= room) continue;
      cut = `Only the first ${MAX_READ_BYTES / 1_000_000} MB were read.`;
      await reader?.cancel();
      break;
    }
  } catch {
    cut = signal.aborted ? 'Cancelled while the answer was coming.' : 'The connection broke off while the answer was coming.';
  }
  return { body: joined(chunks, bytes), ...(cut === undefined ? {} : { cut }) };
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
