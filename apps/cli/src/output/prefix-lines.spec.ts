import fc from 'fast-check';
import { prefixLines } from './prefix-lines';

describe('prefixLines()', () => {
  it('puts the prefix before each line, in whatever pieces they come', () => {
    const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n') }));
    fc.assert(
      fc.property(pieces, (texts) => {
        const out: string[] = [];
        const lines = prefixLines('x | ', (text) => void out.push(text));
        for (const text of texts) lines.write(text);
        lines.end();
        const all = texts.join('');
        const whole = all === '' || all.endsWith('\n') ? all : `${all}\n`;
        expect(out.join('')).toBe(whole.replace(/^.*\n/gm, 'x | $&'));
        for (const text of out) expect(text).toMatch(/\n$/);
      }),
    );
  });
});
