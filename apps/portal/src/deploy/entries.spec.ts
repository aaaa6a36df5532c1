import { entriesOf, mapOf, repeatedNames } from './entries';

it('entriesOf() and mapOf() keep names and texts; lines with nothing in them are none', () => {
  const map = { a: '1', b: '', ' c ': ' = ' };
  expect(mapOf([...entriesOf(map), ...entriesOf({ '': '' })])).toEqual(map);
  expect(mapOf(entriesOf({ '': 'x' }))).toEqual({ '': 'x' });
});

it('repeatedNames() are those that are there twice', () => {
  expect([...repeatedNames([...entriesOf({ a: '1', b: '2' }), ...entriesOf({ a: '3', '': '' }), ...entriesOf({ '': '' })])]).toEqual(['a']);
});
