import fc from 'fast-check';
import { CliError } from '../cli-error';
import { MAX_SUBSTITUTED_CHARACTERS, substitute } from './substitute';

const env = { A: 'val', EMPTY: '', UNSET: undefined, PATH_: 'ghcr.io/team/echo:1.2', LONG: 'x'.repeat(100_000), HEART: 'a\u{1f49a}b' };

function errorOf(text: string, path?: string): CliError {
  try {
    substitute(text, env, path === undefined ? {} : { path });
  } catch (error) {
    if (error instanceof CliError) return error;
  }
  throw new Error('it did not reject the text with CliError');
}

describe('substitute() as the wire contract has it (§7.9)', () => {
  it.each([
    ['$A', '$A'],
    ['${A}', 'val'],
    ['${A:-def}', 'val'],
    ['${UNSET:-def}', 'def'],
    ['${EMPTY:-def}', 'def'],
    ['${UNSET:=def}', 'def'],
    ['${UNSET=def}', 'def'],
    ['${UNSET}', ''],
    ['$${A}', '${A}'],
    ['$$A', '$A'],
    ['${A^^}', 'VAL'],
    ['${PATH_,,}', 'ghcr.io/team/echo:1.2'],
    ['${A,,}', 'val'],
    ['${#A}', '3'],
    ['${A:1}', 'al'],
    ['${A:1:1}', 'a'],
    ['${A/v/z}', 'zal'],
    ['${A#v}', 'al'],
    ['${A%l}', 'va'],
    ['${UNSET:-${A}}', 'val'],
    ['${A:+x}', 'val'],
    ['${UNSET:?err}', 'err'],
    ['${UNSET:-http://x:80/y}', 'http://x:80/y'],
    ['${UNSET:-}', ''],
    ['\\${A}', '\\val'],
  ])('%s becomes %j', (text, expected) => {
    expect(substitute(text, env)).toBe(expected);
    expect(substitute(`a: ${text}\nb: ${text} # c`, env)).toBe(`a: ${expected}\nb: ${expected} # c`);
  });

  it.each(['${UNSET-def}', '${A', '${', '${UNSET:-def', '${A:1', '${A/v', '${A^', '${A?x}', '${A b}', '${UNSET:-${A}', '${#'])(
    '%s is an error for the whole file',
    (text) => {
      expect(errorOf(text)).toMatchObject({ reason: 'usage', message: expect.stringContaining('missing closing brace') });
    },
  );
});

describe('substitute()', () => {
  it.each([
    ['${A:9}', ''],
    ['${A:0:9}', 'val'],
    ['${A: -2}', 'al'],
    ['${A: -9}', 'val'],
    ['${A:0:-1}', 'va'],
    ['${A^}', 'Val'],
    ['${EMPTY^}', ''],
    ['${PATH_##*/}', 'echo:1.2'],
    ['${PATH_#*/}', 'team/echo:1.2'],
    ['${PATH_%:*}', 'ghcr.io/team/echo'],
    ['${PATH_%%/*}', 'ghcr.io'],
    ['${A#x}', 'val'],
    ['${A%x}', 'val'],
    ['${PATH_/e/E}', 'ghcr.io/tEam/echo:1.2'],
    ['${PATH_//e/E}', 'ghcr.io/tEam/Echo:1.2'],
    ['${PATH_/#ghcr.io/x}', 'x/team/echo:1.2'],
    ['${PATH_/%1.2/x}', 'ghcr.io/team/echo:x'],
    ['${PATH_/ghcr.io}', '/team/echo:1.2'],
    ['${A//}', 'val'],
    ['${A/v/$&}', '$&al'],
    ['${HEART:1:1}${#HEART}', '\u{1f49a}3'],
    ['${UNSET:-a${EMPTY:-b${A}}c}', 'abvalc'],
    ['${A}${A}', 'valval'],
    ['$', '$'],
    ['$$', '$'],
    ['$$$', '$$'],
    ['}${A}}', '}val}'],
    ['${constructor}${__proto__}', ''],
  ])('turns %s into %j', (text, expected) => {
    expect(substitute(text, env)).toBe(expected);
  });

  it('names the file, and the line on which the form begins', () => {
    expect(errorOf('a: 1\nb: 2\nc: ${A\nd: 3\n').message).toBe('line 3: missing closing brace after ${A');
    expect(errorOf('a: 1\r\nb: ${UNSET-x}\n', 'my/stack.yml').message).toBe('my/stack.yml:2: missing closing brace after ${UNSET');
  });

  it.each([
    ['${}', 'there is no name of a variable after ${'],
    ['${-x}', 'there is no name of a variable after ${'],
    ['${A:x}', 'what follows the colon is not a whole number'],
    ['${A:1:x}', 'what follows the colon is not a whole number'],
    ['${A:}', 'what follows the colon is not a whole number'],
    ['${X:-'.repeat(60) + '}'.repeat(60), 'variables are nested more than 50 deep'],
  ])('rejects %s and says what to write', (text, problem) => {
    const error = errorOf(text);
    expect(error.message).toBe(`line 1: ${problem}`);
    expect(error.hint).toMatch(/^write /);
  });

  it.each(['${LONG}'.repeat(50), '${LONG//x/${LONG}}'])('bounds what a file grows to', (text) => {
    expect(errorOf(text).message).toContain(`longer than ${MAX_SUBSTITUTED_CHARACTERS} characters`);
  });

  it('shows no value of a variable in an error', () => {
    expect(errorOf('${A:-x} ${A:${A}}').message).not.toContain('val');
  });

  it('leaves text without a dollar sign as it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('$', '')), (text) => substitute(text, env) === text));
  });

  it('answers with text or with CliError, whatever it is given', () => {
    const piece = fc.constantFrom('${', '}', '$', 'A', 'UNSET', ':', '-', '=', '#', '%', '/', '^', ',', '*', '1', ' ', '\\', '\n', 'é');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')), (text) => {
        try {
          return typeof substitute(text, env) === 'string';
        } catch (error) {
          return error instanceof CliError && error.reason === 'usage' && /^line \d+: /.test(error.message);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives a value between two texts as it is, whatever is in it', () => {
    fc.assert(fc.property(fc.string(), (value) => substitute('a ${V} b', { V: value }) === `a ${value} b`));
  });
});
