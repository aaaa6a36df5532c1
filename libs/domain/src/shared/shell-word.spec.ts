import { shellWord } from './shell-word';

it.each([
  ['a.b-c', 'a.b-c'],
  ['', "''"],
  ['a b', "'a b'"],
  ['~', "'~'"],
  ['#x', "'#x'"],
  ["it's", `'it'\\''s'`],
  ['$(x)', "'$(x)'"],
])('shellWord() writes %j as %s', (text, expected) => expect(shellWord(text)).toBe(expected));
