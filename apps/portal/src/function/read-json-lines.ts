/** Lines come in bursts; they are told in portions of so long. */
const PORTION_MS = 100;

/**
 * Reads objects, one a line, and hands them on in portions. When it ends, by an error too, the stream is given back.
 *
 * @param onItems told of at least one each time; not called after it has ended.
 */
export async function readJsonLines<T>(body: ReadableStream<Uint8Array<ArrayBuffer>>, onItems: (items: readonly T[]) => void): Promise<void> {
  let portion: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    const items = portion;
    portion = [];
    if (items.length > 0) onItems(items);
  };
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let rest = '';
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      const texts = (rest + chunk.value).split('\n');
      rest = texts.pop()!;
      for (const text of texts) if (text !== '') portion.push(JSON.parse(text) as T);
      timer ??= setTimeout(flush, PORTION_MS);
    }
  } finally {
    clearTimeout(timer);
    // Rejects when the stream has broken off, which the reader has told already.
    reader.cancel().catch(() => undefined);
    flush();
  }
}
