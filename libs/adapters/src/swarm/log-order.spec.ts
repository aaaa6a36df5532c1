import fc from 'fast-check';
import { lastLines, mergeByTime } from './log-order';

const line = (timestamp: string, text = '') => ({ timestamp, text });

async function* source<T>(items: readonly T[]): AsyncGenerator<T, void> {
  yield* items;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('mergeByTime()', () => {
  it('gives every line once, oldest first', async () => {
    const times = fc.array(fc.stringMatching(/^[0-9]{4}$/)).map((list) => list.sort().map((timestamp) => line(timestamp)));
    await fc.assert(
      fc.asyncProperty(fc.array(times), async (lists) => {
        const merged = await all(mergeByTime(lists.map(source)));
        expect(merged.map(({ timestamp }) => timestamp)).toEqual(lists.flat().map(({ timestamp }) => timestamp).sort());
      }),
    );
  });

  it('reads no further than it must', async () => {
    let read = 0;
    const counted = (async function* () {
      for (;;) yield line(String(read++));
    })();
    const merged = mergeByTime([counted, source([line('0')])]);
    await merged.next();
    expect(read).toBe(1);
  });

  it('rejects when a source does', async () => {
    const broken: AsyncIterator<ReturnType<typeof line>, void> = { next: () => Promise.reject(new Error('broken')) };
    await expect(all(mergeByTime([source([line('0')]), broken, broken]))).rejects.toThrow('broken');
  });
});

describe('lastLines()', () => {
  const lines = ['a', 'bb', 'ccc'].map((text) => line('0', text));

  it.each([
    [0, 100, []],
    [2, 100, ['bb', 'ccc']],
    [9, 100, ['a', 'bb', 'ccc']],
    [9, 5, ['bb', 'ccc']],
    [9, 1, ['ccc']],
  ])('of %p within %p characters', async (count, maxLength, expected) => {
    expect((await all(lastLines(count, maxLength, source(lines)))).map(({ text }) => text)).toEqual(expected);
  });
});
