import { Readable } from 'node:stream';
import fc from 'fast-check';
import { readLines } from './read-lines';

async function linesOf(chunks: readonly Buffer[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of readLines(Readable.from(chunks))) lines.push(line);
  return lines;
}

describe('readLines()', () => {
  it('gives the same lines wherever the chunks were cut, in the midst of letters too', async () => {
    const text = fc.array(fc.constantFrom('a', 'ä', '😀', '\u2028', '\r', '\n'), { maxLength: 30 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, fc.nat(), async (whole, seed) => {
        const bytes = Buffer.from(whole);
        const cut = bytes.length === 0 ? 0 : seed % bytes.length;
        const expected = whole.split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(await linesOf([bytes.subarray(0, cut), bytes.subarray(cut)].filter((chunk) => chunk.length > 0))).toEqual(expected);
      }),
    );
  });
});
