import fc from 'fast-check';
import { LineSplitter, logDate } from './function-log';

function split(chunks: readonly Uint8Array[], maxLineLength = 65_536): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter(maxLineLength, (line) => lines.push(line));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

/** Cuts bytes at arbitrary places, within characters too. */
function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.byteLength + 1)))].sort((a, b) => a - b);
  return [...places, bytes.byteLength].map((end, i) => bytes.subarray(i === 0 ? 0 : places[i - 1], end));
}

describe('LineSplitter', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '語', '🐟', ' ', '\n') });

  it('writes the same lines however the bytes are cut', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat()), (input, at) => {
        const lines = split(cut(Buffer.from(input), at));
        expect(lines).toEqual(input.replace(/\n$/, '').split('\n').slice(0, input === '' ? 0 : undefined));
      }),
    );
  });

  it('keeps to its bound and loses nothing', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat()), fc.integer({ min: 1, max: 9 }), (input, at, max) => {
        const lines = split(cut(Buffer.from(input), at), max);
        expect(lines.every((line) => line.length <= max)).toBe(true);
        expect(lines.join('')).toBe(input.replaceAll('\n', ''));
      }),
    );
  });

  it('takes CR LF for a line break', () => {
    expect(split([Buffer.from('one\r'), Buffer.from('\ntwo\r\n')])).toEqual(['one', 'two']);
  });

  it('writes a line as soon as it is finished, and the rest at the end', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter(100, (line) => lines.push(line));
    splitter.push(Buffer.from('one\ntw'));
    expect(lines).toEqual(['one']);
    splitter.end();
    splitter.end();
    expect(lines).toEqual(['one', 'tw']);
  });
});

describe('logDate()', () => {
  it('writes as Go does, in UTC', () => {
    expect(logDate(new Date('2026-01-02T03:04:05.678Z'))).toBe('2026/01/02 03:04:05');
  });
});
