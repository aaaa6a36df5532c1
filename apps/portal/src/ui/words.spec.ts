import { plural, sentence } from './words';

it.each([
  [0, '0 calls'],
  [1, '1 call'],
  [2, '2 calls'],
  [12_345, '12,345 calls'],
])('plural() of %d is %s', (count, text) => expect(plural(count, 'call')).toBe(text));

it.each([
  ['no room', 'No room.'],
  ['Why? Because!', 'Why? Because!'],
  ['', ''],
])('sentence() of %j is %j', (text, whole) => expect(sentence(text)).toBe(whole));
