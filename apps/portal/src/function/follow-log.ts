import { open } from '../api/client';
import { keepConnected } from '../api/keep-connected';
import type { LogLine } from './log-buffer';

/** Lines of the past to begin with. */
export const FIRST_LINES = 500;
/** Lines come in bursts; they are told in portions of so long. */
const PORTION_MS = 100;

export interface FollowLogOptions {
  readonly name: string;
  readonly namespace: string;
  /** One replica only; all when empty. */
  readonly instance: string;
  readonly signal: AbortSignal;
  /** Told of lines as they come. @param again whether those before may be among them, since the connection had broken off. */
  readonly onLines: (lines: readonly LogLine[], again: boolean) => void;
  /** Told why there is no connection at the moment, and with `undefined` that there is one. */
  readonly onState: (problem: string | undefined) => void;
}

/** Reads the log of a function and goes on with what comes, until `signal`; when the connection breaks off it is made anew. */
export async function followLog({ name, namespace, instance, signal, onLines, onState }: FollowLogOptions): Promise<void> {
  let last: string | undefined;
  await keepConnected({ signal, onState }, async (inner, connected) => {
    const query = new URLSearchParams({ name, namespace, follow: 'true', ...(instance ? { instance } : {}), ...(last === undefined ? { tail: String(FIRST_LINES) } : { since: justBefore(last) }) });
    let again = last !== undefined;
    const { body } = await open('GET', `system/logs?${query}`, { headers: { Accept: 'application/x-ndjson' }, signal: inner });
    connected();
    await readLines(body!, signal, (lines) => {
      last = lines.at(-1)!.timestamp;
      onLines(lines, again);
      again = false;
    });
  });
}

/** Reads objects, one a line, and hands them on in portions. */
async function readLines(body: ReadableStream<Uint8Array<ArrayBuffer>>, signal: AbortSignal, onLines: (lines: readonly LogLine[]) => void): Promise<void> {
  let portion: LogLine[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    const lines = portion;
    portion = [];
    if (lines.length > 0 && !signal.aborted) onLines(lines);
  };
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let rest = '';
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      const texts = (rest + chunk.value).split('\n');
      rest = texts.pop()!;
      for (const text of texts) if (text !== '') portion.push(JSON.parse(text) as LogLine);
      timer ??= setTimeout(flush, PORTION_MS);
    }
  } finally {
    clearTimeout(timer);
    flush();
  }
}

/** The log is asked for what came after a moment; within it there may have been more. */
function justBefore(timestamp: string): string {
  return new Date(Date.parse(timestamp) - 1).toISOString();
}
