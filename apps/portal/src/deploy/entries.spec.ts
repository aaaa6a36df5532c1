import { entriesOf, mapOf, parsePasted, repeatedNames } from './entries';

const pasted = (text: string) => parsePasted(text)?.map(({ name, value }) => [name, value]);

it('entriesOf() and mapOf() keep names and texts; lines with nothing in them are none', () => {
  const map = { a: '1', b: '', ' c ': ' = ' };
  expect(mapOf([...entriesOf(map), ...entriesOf({ '': '' })])).toEqual(map);
  expect(mapOf(entriesOf({ '': 'x' }))).toEqual({ '': 'x' });
});

it('repeatedNames() are those that are there twice', () => {
  expect([...repeatedNames([...entriesOf({ a: '1', b: '2' }), ...entriesOf({ a: '3', '': '' }), ...entriesOf({ '': '' })])]).toEqual(['a']);
});

describe('parsePasted()', () => {
  it.each([
    ['A=b', [['A', 'b']]],
    ['export A=b=c\r\n\r\n# why\n  B = "x y"\nC=', [['A', 'b=c'], ['B', 'x y'], ['C', '']]],
    [`A='it''s'`, [['A', `it''s`]]],
    [`A="half`, [['A', '"half']]],
  ])('reads %j', (text, expected) => {
    expect(pasted(text)).toEqual(expected);
  });

  it.each(['', 'a name', 'A=b\nand more', '# nothing'])('takes %j for something else', (text) => {
    expect(pasted(text)).toBeUndefined();
  });
});
