import fc from 'fast-check';
import { headerProblem, headersToSend, isDropped, isSecret } from './request-headers';

describe('headerProblem()', () => {
  it.each([
    ['', '', undefined],
    ['X-A', 'é, "b"', undefined],
    ['', 'x', /needs a name/],
    ['X A', 'x', /^A name has/],
    ['X-A:', 'x', /^A name has/],
    ['X-A', '5 €', /“€”.*%E2%82%AC/],
    ['X-A', '😀', /“😀”/],
    ['X-A', 'a\u0001b', /control characters/],
  ])('%j: %j → %s', (name, value, problem) => {
    const found = headerProblem({ name, value });
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  });

  it('lets pass exactly what fetch takes', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ unit: 'binary' }), (name, value) => {
        const takes = () => {
          try {
            new Headers([[name.trim(), value]]);
            return true;
          } catch {
            return false;
          }
        };
        // Control characters within are let through by the standard, and are of no use to anybody.
        // eslint-disable-next-line no-control-regex
        fc.pre(!/[\x01-\x1f\x7f]/.test(value) && name.trim() !== '');
        expect(headerProblem({ name, value }) === undefined).toBe(takes());
      }),
    );
  });
});

it('headersToSend() lets Content-Type follow the body unless a row says it', () => {
  const row = { name: ' X-A ', value: ' 1 ' };
  expect(headersToSend([row, { name: '', value: '' }], 'text/plain')).toEqual([{ name: 'X-A', value: '1' }, { name: 'Content-Type', value: 'text/plain' }]);
  expect(headersToSend([{ name: 'content-type', value: 'a/b' }], 'text/plain')).toEqual([{ name: 'content-type', value: 'a/b' }]);
  expect(headersToSend([], undefined)).toEqual([]);
});

it('isDropped() and isSecret() know names in any case', () => {
  expect(['Cookie', 'HOST', 'Sec-Fetch-Mode', 'proxy-authorization', 'X-Cookie', 'Authorization'].map(isDropped)).toEqual([true, true, true, true, false, false]);
  expect(['authorization', 'Cookie', 'X-Api-Key', 'apikey', 'X-Hub-Signature', 'Accept'].map(isSecret)).toEqual([true, true, true, true, true, false]);
});
