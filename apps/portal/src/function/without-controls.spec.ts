import fc from 'fast-check';
import { withoutControls } from './without-controls';

describe('withoutControls()', () => {
  it.each([
    ['plain\ttext é 漢 🐟', 'plain\ttext é 漢 🐟'],
    ['\u001b[1;31mred\u001b[0m \u001b[38:2::1:2:3mexact\u001b[m', 'red exact'],
    ['\u001b[?25lhidden cursor\u001b[2K', 'hidden cursor'],
    ['\u009b31mred', 'red'],
    ['\u001b]8;;https://example.com\u001b\\link\u001b]8;;\u0007', 'link'],
    ['\u001b]0;a title that never ends', '0;a title that never ends'],
    ['\u001bPdevice\u001b\\after', 'after'],
    ['\u001b(B\u001b7\u001bcreset', 'reset'],
    ['10 %\r20 %\b\u0000\u007f\u0085\u001b', '10 %20 %'],
  ])('%j: %j', (text, expected) => expect(withoutControls(text)).toBe(expected));

  it('takes no longer for strings that never end than for others', () => {
    // Were each of them read to the end of the line, this would take minutes.
    expect(withoutControls('\u009d'.repeat(1_000_000))).toBe('');
  });

  it('leaves no control character but tabs in any text, and text without any as it is', () => {
    const parts = fc.array(fc.constantFrom('\u001b', '[', ']', '\\', '\u0007', '\u009b', '31', 'm', ' text ', '\t', '\u0000'), { maxLength: 12 });
    fc.assert(fc.property(parts, (texts) => expect(withoutControls(texts.join(''))).toMatch(/^[\t\P{Cc}]*$/u)));
    fc.assert(fc.property(fc.string().filter((text) => /^[\t\P{Cc}]*$/u.test(text)), (text) => expect(withoutControls(text)).toBe(text)));
  });
});
