import { createParser } from 'eventsource-parser';
import { ApiError } from '../api/api-error';
import { open } from '../api/client';

/** The gateway says something each 15 s at least: when nothing came for so long, the connection is taken for dead. */
const SILENCE_MS = 40_000;

/**
 * Reads server-sent events, whose data is JSON, until the stream ends. `EventSource` would do, but sends no header, and the
 * session needs one. Ends without an error when `signal` is aborted. Rejects with `ApiError`.
 */
export async function readEvents(path: string, signal: AbortSignal, listener: (event: string, data: unknown) => void): Promise<void> {
  const ending = new AbortController();
  const end = () => ending.abort();
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  let timer = setTimeout(end, SILENCE_MS);
  const parser = createParser({ onEvent: ({ event = 'message', data }) => listener(event, JSON.parse(data)) });
  try {
    const { body } = await open('GET', path, { headers: { Accept: 'text/event-stream' }, signal: ending.signal });
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      clearTimeout(timer);
      timer = setTimeout(end, SILENCE_MS);
      parser.feed(chunk.value);
    }
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof ApiError) throw error;
    throw new ApiError(0, ending.signal.aborted ? 'the gateway has fallen silent' : 'the connection to the gateway has broken off');
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    end();
  }
}
