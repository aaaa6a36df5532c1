import fc from 'fast-check';
import { fileNameOf } from './file-name';

const of = (contentDisposition?: string, contentType?: string, extension?: string) => fileNameOf({ contentDisposition, contentType, functionName: 'cards', extension });

describe('fileNameOf()', () => {
  it.each([
    ['attachment; filename="re \\"port\\".csv"', 're port.csv'],
    ['attachment; filename=plain.txt; size=1', 'plain.txt'],
    ["attachment; filename=\"x\"; filename*=UTF-8''f%C3%BCr%20dich.txt", 'für dich.txt'],
    ["attachment; filename*=UTF-8''%zz; filename=b.txt", 'b.txt'],
    ['attachment; filename="../../.bashrc"', 'bashrc'],
    ['attachment; filename="C:\\\\x\\\\evil.exe"', 'evil.exe'],
    ['attachment; filename="exe\u202etxt.js"', 'exetxt.js'],
    ['inline', 'cards.bin'],
  ])('%s → %s', (disposition, name) => expect(of(disposition)).toBe(name));

  it('takes the extension from the label, else from the type', () => {
    expect(of(undefined, 'text/html; charset=utf-8', 'png')).toBe('cards.png');
    expect(of(undefined, 'text/html; charset=utf-8')).toBe('cards.html');
    expect(of(undefined, 'application/problem+json', './../')).toBe('cards.json');
  });

  it('is never a path, whatever a function says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (name, extension) => {
        for (const written of [of(`attachment; filename="${name}"`), of(`x; filename=${name}`), of(undefined, undefined, extension)]) expect(written).toMatch(/^[^./\\\0][^/\\\0]*$/);
      }),
    );
  });
});
