import fc from 'fast-check';
import { callUrl, queryRows, withQueryRow } from './call-url';

const base = 'http://gateway:8080/function/echo.fn';

describe('callUrl()', () => {
  it.each([
    ['', base],
    ['/', `${base}/`],
    ['a/b?c=d', `${base}/a/b?c=d`],
    ['?c=ü d', `${base}?c=%C3%BC%20d`],
    ['/a#b', `${base}/a%23b`],
    ['/a/../b', `${base}/b`],
    ['//evil.example/x', `${base}//evil.example/x`],
  ])('%j leads to %s', (path, url) => expect(callUrl(base, path)).toBe(url));

  it.each(['/..', '/../echo.fn2', '/%2e%2E/%2e%2e/system/functions', '/a/../../x', '\\..\\..\\system'])('%j leads out of the function', (path) => expect(callUrl(base, path)).toBeUndefined());

  it('stays below the function whatever is typed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.constantFrom('/', '..', '%2e', '\\', '?', '#', '@', ':', 'a', '\t', '.'), { maxLength: 12 }).map((parts) => parts.join(''))), (path) => {
        const url = callUrl(base, path);
        if (url === undefined) return;
        expect(new URL(url).origin).toBe('http://gateway:8080');
        expect(`${new URL(url).pathname}/`).toMatch(/^\/function\/echo\.fn\//);
        expect(new URL(url).hash).toBe('');
      }),
    );
  });
});

describe('queryRows() and withQueryRow()', () => {
  it('decode what is shown and write anew only what was edited', () => {
    const path = '/x?a=1+2&flag&b=%zz&c=%26';
    expect(queryRows(path)).toEqual([
      { name: 'a', value: '1 2' },
      { name: 'flag', value: '' },
      { name: 'b', value: '%zz' },
      { name: 'c', value: '&' },
    ]);
    expect(withQueryRow(path, 1, { name: 'flag', value: 'ü' })).toBe('/x?a=1+2&flag=%C3%BC&b=%zz&c=%26');
    expect(withQueryRow(path, 4, { name: 'd', value: '' })).toBe(`${path}&d`);
    expect(withQueryRow(path, 0, undefined)).toBe('/x?flag&b=%zz&c=%26');
    expect(withQueryRow('/x?a', 0, undefined)).toBe('/x');
    expect(withQueryRow('/x', 0, { name: '', value: '' })).toBe('/x');
  });

  it('give back any pairs that are put in', () => {
    // A pair of nothing at the end is the empty row that is always there.
    const pair = fc.record({ name: fc.string({ minLength: 1 }), value: fc.string() });
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 4 }), (pairs) => {
        const path = pairs.reduce((sofar, one, i) => withQueryRow(sofar, i, one), '/p');
        expect(queryRows(path)).toEqual(pairs);
      }),
    );
  });
});
