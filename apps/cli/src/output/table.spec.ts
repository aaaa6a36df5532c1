import { formatPairs, formatTable } from './table';

describe('formatTable()', () => {
  it('sets numbers to the right, texts to the left, and leaves no space at the end', () => {
    const rows = [['a', '1', 'x'], ['long name', '1,200', '']];
    expect(formatTable(['Name', 'Count', 'Note'], rows)).toEqual(['Name       Count  Note', 'a              1  x', 'long name  1,200']);
  });

  it('gives colours no room', () => {
    expect(formatTable(['A', 'B'], [['\u001b[31mred\u001b[39m', 'x'], ['green', 'y']])).toEqual(['A      B', '\u001b[31mred\u001b[39m    x', 'green  y']);
  });

  it('is the headings alone without rows', () => {
    expect(formatTable(['A', 'B'], [])).toEqual(['A  B']);
  });
});

describe('formatPairs()', () => {
  it('lines values up, those of several lines too', () => {
    expect(formatPairs([['A', '1'], ['Longer', 'x\ny'], ['B', '']])).toEqual(['A:       1', 'Longer:  x', '         y', 'B:']);
  });
});
