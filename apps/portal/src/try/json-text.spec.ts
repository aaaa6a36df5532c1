import fc from 'fast-check';
import { formatJson, jsonProblem, jsonTokens } from './json-text';

const isJson = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
/** JSON, and JSON in which a piece was put, taken out or doubled. */
const nearlyJson = fc
  .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.nat(5), fc.constantFrom('', ',', ':', '"', '{', '}', '[', ']', '0', '-', '.', 'e', 'true', 'nul', '\\', '\n', ' ', 'x', '\u0000', '\u00a0', '\\u12'))
  .map(([text, at, length, piece]) => `${text.slice(0, at % (text.length + 1))}${piece}${text.slice((at % (text.length + 1)) + length)}`);

describe('jsonTokens()', () => {
  it('cuts any text into tokens that are the text again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearlyJson), (text) => {
        const tokens = jsonTokens(text);
        expect(tokens.map((token) => token.text).join('')).toBe(text);
        for (const token of tokens) expect(text.startsWith(token.text, token.at)).toBe(true);
      }),
    );
  });

  it('tells keys from strings, and what is no JSON from both', () => {
    expect(jsonTokens('{"a" : "b", "c": -1.5e3, x: null}').filter(({ kind }) => kind !== 'space').map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      'mark {', 'key "a"', 'mark :', 'string "b"', 'mark ,', 'key "c"', 'mark :', 'number -1.5e3', 'mark ,', 'wrong x', 'mark :', 'word null', 'mark }',
    ]);
  });
});

describe('jsonProblem()', () => {
  it.each([
    ['{"a": 1,}', 1, 9, 'a key in double quotes is expected, not }'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, 'a comma or } is expected, not "b"'],
    ['[1, 2', 1, 6, 'a comma or ] is expected, not the end'],
    ['{a: 1}', 1, 2, 'a key in double quotes or } is expected, not a'],
    ['', 1, 1, 'a value is expected, not the end'],
    ['1 2', 1, 3, 'the end is expected, not 2'],
    ['["a]', 1, 2, expect.stringMatching(/not a string that is not closed/)],
    ['{"a" 1}', 1, 6, 'a colon is expected, not 1'],
    ['[1}', 1, 3, 'a comma or ] is expected, not }'],
  ])('%j is wrong in line %d, column %d', (text, line, column, message) => expect(jsonProblem(text)).toEqual({ line, column, message }));

  it('agrees with JSON.parse', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), nearlyJson), (text) => {
        expect(jsonProblem(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('formatJson()', () => {
  it('puts each member on a line, and leaves numbers, repeated keys and empty lists as they are', () => {
    expect(formatJson('{"a":[1,{"b":12345678901234567890}],"a":{}, "c":[ ]}')).toBe('{\n  "a": [\n    1,\n    {\n      "b": 12345678901234567890\n    }\n  ],\n  "a": {},\n  "c": []\n}');
  });

  it('writes what JSON.stringify would', () => {
    fc.assert(fc.property(fc.json(), (text) => expect(formatJson(text)).toBe(JSON.stringify(JSON.parse(text), undefined, 2))));
  });

  it('leaves what is no JSON alone, and does not let depth grow without bound', () => {
    expect(formatJson('{"a":')).toBe('{"a":');
    const deep = '['.repeat(5_000) + ']'.repeat(5_000);
    expect(formatJson(deep).length).toBeLessThan(10_000 * 100);
  });
});
