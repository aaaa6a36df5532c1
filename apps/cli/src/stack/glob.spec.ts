import { matchesGlob } from './glob';

it.each([
  ['echo', 'echo', true],
  ['echo', '*', true],
  ['', '*', true],
  ['echo', 'ec*', true],
  ['echo', '*ho', true],
  ['echo', 'e*c*o', true],
  ['echo', 'e**o', true],
  ['echo', 'ech', false],
  ['echo', 'echo2', false],
  ['echo', '*x*', false],
  ['aa', 'a*a', true],
  ['a', 'a*a', false],
  ['abab', 'ab*ab*ab', false],
  ['a.b', 'a?b', false],
  ['a+b', 'a+b', true],
  ['aab', 'a+b', false],
])('matchesGlob(%j, %j) is %s', (text, pattern, expected) => {
  expect(matchesGlob(text, pattern)).toBe(expected);
});
