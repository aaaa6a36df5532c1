import { readJsonLines } from './read-json-lines';

/** A stream of these texts, that is open until it is cancelled or, if asked for, ends. */
function streamOf(texts: readonly string[], { ends }: { readonly ends: boolean }) {
  let cancel = () => {};
  const cancelled = new Promise<void>((resolve) => (cancel = resolve));
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const text of texts) controller.enqueue(new TextEncoder().encode(text));
      if (ends) controller.close();
    },
    cancel,
  });
  return { body, cancelled };
}

describe('readJsonLines()', () => {
  it('hands on all whole lines, wherever the stream was cut', async () => {
    const told: unknown[] = [];
    await readJsonLines(streamOf(['{"a"', ':1}\n\n', '2\n3\n', '4'], { ends: true }).body, (items) => told.push(...items));
    expect(told).toEqual([{ a: 1 }, 2, 3]);
  });

  it('hands on what came before a line that is no JSON, and gives the stream back', async () => {
    const told: unknown[] = [];
    const { body, cancelled } = streamOf(['1\n<html>\n2\n'], { ends: false });
    await expect(readJsonLines(body, (items) => told.push(...items))).rejects.toThrow(SyntaxError);
    expect(told).toEqual([1]);
    await cancelled;
  });

  it('rejects with what broke the stream off', async () => {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({ start: (controller) => controller.error(new TypeError('network error')) });
    await expect(readJsonLines(body, () => undefined)).rejects.toThrow('network error');
  });
});
