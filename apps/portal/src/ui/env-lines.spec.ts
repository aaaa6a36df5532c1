import fc from 'fast-check';
import { parseEnvLines, toEnvLine } from './env-lines';

describe('toEnvLine()', () => {
  it.each([
    ['plain', 'NAME=plain'],
    ['', 'NAME='],
    ['a "word" in C:\\new', 'NAME=a "word" in C:\\new'],
    ['line1\nline "2"\r\nC:\\new', String.raw`NAME="line1\nline \"2\"\r\nC:\\new"`],
    [' padded', 'NAME=" padded"'],
    ['"quoted"', String.raw`NAME="\"quoted\""`],
    ["'quoted'", `NAME="'quoted'"`],
  ])('%j: %s', (value, expected) => expect(toEnvLine('NAME', value)).toBe(expected));

  it('is read again by parseEnvLines() as it was, whatever the text', () => {
    const name = fc.stringMatching(/^[A-Za-z_][\w./-]*$/);
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.constantFrom('\\', '"', "'", '\n', '\r', 'n', ' ', '#', '=', '\u2028', '\ufeff')).map((parts) => parts.join('')));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 5 }), (entries) => {
        const text = entries.map(([one, its]) => `${toEnvLine(one, its)}\n`).join('');
        expect(text.split('\n')).toHaveLength(entries.length + 1);
        expect(parseEnvLines(text)).toEqual(entries);
      }),
      { numRuns: 500 },
    );
  });
});

describe('parseEnvLines()', () => {
  it.each([
    ['A=b', [['A', 'b']]],
    ['export A=b=c\r\n\r\n# why\n  B = "x y"\nC=', [['A', 'b=c'], ['B', 'x y'], ['C', '']]],
    [`A='it''s'`, [['A', `it''s`]]],
    [`A="half`, [['A', '"half']]],
    [String.raw`A="C:\dir\n"`, [['A', 'C:\\dir\n']]],
    [String.raw`A='C:\new'`, [['A', 'C:\\new']]],
    ['A="', [['A', '"']]],
  ])('reads %j', (text, expected) => expect(parseEnvLines(text)).toEqual(expected));

  it.each(['', 'a name', 'A=b\nand more', '# nothing'])('takes %j for something else', (text) => expect(parseEnvLines(text)).toBeUndefined());
});
