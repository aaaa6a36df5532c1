import fc from 'fast-check';
import { hasSessionCookie, sessionCookie, sessionIdsIn, withoutSessionCookie } from './session-cookie';

const ID = 'Ab0-_'.repeat(9).slice(0, 43);
const OTHER_ID = 'z'.repeat(43);

/** As browsers write them, and as nobody should: anything but a semicolon. */
const text = fc.string({ unit: fc.constantFrom(...'ab =",\t\\_é'), maxLength: 12 });
const space = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 2 });
const nameOf = (pair: string) => pair.split('=', 1)[0]!.replace(/^[ \t]+|[ \t]+$/g, '');
const other = fc.oneof(text, fc.tuple(fc.constantFrom('a', 'shoal_sessions', 'xshoal_session', 'SHOAL_SESSION', '"shoal_session"'), text).map(([name, value]) => `${name}=${value}`)).filter((pair) => nameOf(pair) !== 'shoal_session');
const ours = fc.tuple(space, space, fc.oneof(text.map((value) => `=${value}`), fc.constant(`=${ID}`), fc.constant(''))).map(([before, after, value]) => `${before}shoal_session${after}${value}`);
const marked = fc.oneof(other.map((pair) => ({ pair, isOurs: false })), ours.map((pair) => ({ pair, isOurs: true })));

describe('withoutSessionCookie()', () => {
  it('leaves out ours, however often and wherever, and keeps all others in order, byte for byte', () => {
    fc.assert(
      fc.property(fc.array(marked, { minLength: 1, maxLength: 8 }), (pairs) => {
        const rest = withoutSessionCookie(pairs.map(({ pair }) => pair).join(';'));
        const expected = pairs.filter(({ isOurs }) => !isOurs).map(({ pair }) => pair);
        // Blanks before the first cookie are no part of it.
        expect(rest?.replace(/^[ \t]+/, '') ?? '').toBe(expected.join(';').replace(/^[ \t]+/, ''));
        expect((rest ?? '').split(';').map(nameOf)).not.toContain('shoal_session');
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves a header alone that has none of ours', () => {
    fc.assert(fc.property(fc.array(other, { minLength: 1 }).map((pairs) => pairs.join(';')), (header) => expect(withoutSessionCookie(header)).toBe(header)));
  });

  it.each([
    [`shoal_session=${ID}`, undefined],
    [`a=1; shoal_session=${ID}`, 'a=1'],
    [`shoal_session=${ID}; a=1`, 'a=1'],
    [`a="1;shoal_session=${ID};2"; b=3`, 'a="1;2"; b=3'],
    [`a=1;shoal_session;  shoal_session = "x" ;b`, 'a=1;b'],
  ])('of %s is %s', (header, rest) => {
    expect(withoutSessionCookie(header)).toBe(rest);
  });
});

describe('hasSessionCookie()', () => {
  it('goes by the name of a cookie, wherever it stands', () => {
    fc.assert(fc.property(fc.array(marked, { maxLength: 8 }), (pairs) => expect(hasSessionCookie(pairs.map(({ pair }) => pair).join(';'))).toBe(pairs.some(({ isOurs }) => isOurs))));
    expect(hasSessionCookie(undefined)).toBe(false);
  });
});

describe('sessionIdsIn()', () => {
  it.each([
    [undefined, []],
    ['', []],
    [`shoal_session=${ID}`, [ID]],
    [`a=b;shoal_session = "${ID}" ; shoal_session=${OTHER_ID}; c`, [ID, OTHER_ID]],
    [`shoal_session=${ID}x; shoal_session; shoal_session=; shoal_session=${'ä'.repeat(43)}`, []],
    [`a=shoal_session=${ID}`, []],
  ])('finds in %j what could be ids', (header, ids) => {
    expect(sessionIdsIn(header)).toEqual(ids);
  });

  it('looks at a few only', () => {
    expect(sessionIdsIn(Array.from({ length: 10_000 }, () => `shoal_session=${ID}`).join(';'))).toHaveLength(8);
  });
});

describe('sessionCookie()', () => {
  it('is for this host alone, and where there is TLS for TLS alone', () => {
    expect(sessionCookie(ID, { maxAgeSeconds: 5, secure: true })).toBe(`shoal_session=${ID}; Path=/; HttpOnly; SameSite=Strict; Max-Age=5; Secure`);
    expect(sessionCookie(undefined, { maxAgeSeconds: 5, secure: false })).toBe('shoal_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0');
  });
});
