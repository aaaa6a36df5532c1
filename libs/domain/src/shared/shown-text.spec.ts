import fc from 'fast-check';
import { shownText } from './shown-text';

describe('shownText()', () => {
  it.each([
    ['echo', 'echo'],
    ['日本 💥', '日本 💥'],
    ['a\nb', 'a\\nb'],
    ['\u001b[31mred', '\\u001b[31mred'],
    ['\u007f\u009b\u202e\u2028', '????'],
    ['\ud800', '\\ud800'],
    ['x'.repeat(61), `${'x'.repeat(60)}…`],
  ])('of %j is %s', (text, shown) => {
    expect(shownText(text)).toBe(shown);
  });

  it('is short, on one line and UTF-8, whatever the text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const shown = shownText(text);
        expect(shown.length).toBeLessThanOrEqual(6 * 60 + 1);
        expect(shown).toMatch(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u);
      }),
    );
  });
});
