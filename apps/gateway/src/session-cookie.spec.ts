import fc from 'fast-check';
import { isSignedIn, namesSession, sessionCookies, sessionIdsIn, withoutSessionCookie } from './session-cookie';

const ID = 'Ab0-_'.repeat(9).slice(0, 43);
const OTHER_ID = 'z'.repeat(43);

/** As browsers write them, and as nobody should: anything but a semicolon. */
const text = fc.string({ unit: fc.constantFrom(...'ab =",\t\\_é'), maxLength: 12 });
const space = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 2 });
const OURS = ['shoal_session', 'shoal_session_mark'];
const nameOf = (pair: string) => pair.split('=', 1)[0]!.replace(/^[ \t]+|[ \t]+$/g, '');
const other = fc.oneof(text, fc.tuple(fc.constantFrom('a', 'shoal_sessions', 'shoal_session_', 'shoal_session_marks', 'xshoal_session', 'SHOAL_SESSION', '"shoal_session"'), text).map(([name, value]) => `${name}=${value}`)).filter((pair) => !OURS.includes(nameOf(pair)));
const ours = fc.tuple(space, fc.constantFrom(...OURS), space, fc.oneof(text.map((value) => `=${value}`), fc.constant(`=${ID}`), fc.constant(''))).map(([before, name, after, value]) => `${before}${name}${after}${value}`);
const marked = fc.oneof(other.map((pair) => ({ pair, isOurs: false })), ours.map((pair) => ({ pair, isOurs: true })));

describe('withoutSessionCookie()', () => {
  it('leaves out ours, however often and wherever, and keeps all others in order, byte for byte', () => {
    fc.assert(
      fc.property(fc.array(marked, { minLength: 1, maxLength: 8 }), (pairs) => {
        const rest = withoutSessionCookie(pairs.map(({ pair }) => pair).join(';'));
        const expected = pairs.filter(({ isOurs }) => !isOurs).map(({ pair }) => pair);
        // Blanks before the first cookie are no part of it.
        expect(rest?.replace(/^[ \t]+/, '') ?? '').toBe(expected.join(';').replace(/^[ \t]+/, ''));
        for (const name of OURS) expect((rest ?? '').split(';').map(nameOf)).not.toContain(name);
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

describe('isSignedIn()', () => {
  it('goes by the names of our cookies, wherever they stand', () => {
    fc.assert(fc.property(fc.array(marked, { maxLength: 8 }), (pairs) => expect(isSignedIn(pairs.map(({ pair }) => pair).join(';'))).toBe(pairs.some(({ isOurs }) => isOurs))));
    expect(isSignedIn(undefined)).toBe(false);
  });
});

describe('namesSession()', () => {
  it.each([
    [undefined, false],
    ['a=shoal_session=x; shoal_session_mark=1', false],
    ['shoal_session_mark=1; shoal_session=x', true],
  ])('of %s is %s', (header, names) => {
    expect(namesSession(header)).toBe(names);
  });
});

describe('sessionIdsIn()', () => {
  it.each([
    [undefined, []],
    ['', []],
    [`shoal_session=${ID}`, [ID]],
    [`a=b;shoal_session = "${ID}" ; shoal_session=${OTHER_ID}; c`, [ID, OTHER_ID]],
    [`shoal_session=${ID}x; shoal_session; shoal_session=; shoal_session=${'ä'.repeat(43)}`, []],
    [`a=shoal_session=${ID}; shoal_session_mark=${ID}`, []],
  ])('finds in %j what could be ids', (header, ids) => {
    expect(sessionIdsIn(header)).toEqual(ids);
  });

  it('looks at a few only', () => {
    expect(sessionIdsIn(Array.from({ length: 10_000 }, () => `shoal_session=${ID}`).join(';'))).toHaveLength(8);
  });
});

describe('sessionCookies()', () => {
  it('are for this host alone, and where there is TLS for TLS alone', () => {
    expect(sessionCookies(ID, { maxAgeSeconds: 5, secure: true })).toEqual([
      `shoal_session=${ID}; Path=/; HttpOnly; Max-Age=5; SameSite=Strict; Secure`,
      'shoal_session_mark=1; Path=/; HttpOnly; Max-Age=5; SameSite=None; Secure',
    ]);
    expect(sessionCookies(ID, { maxAgeSeconds: 5, secure: false })[0]).toBe(`shoal_session=${ID}; Path=/; HttpOnly; Max-Age=5; SameSite=Strict`);
  });

  it('are taken away with the attributes that they were given with', () => {
    expect(sessionCookies(undefined, { maxAgeSeconds: 5, secure: false })).toEqual(['shoal_session=; Path=/; HttpOnly; Max-Age=0; SameSite=Strict', 'shoal_session_mark=; Path=/; HttpOnly; Max-Age=0']);
  });
});
