import { endToEndHeaders, HOP_BY_HOP } from './end-to-end-headers';

describe('endToEndHeaders()', () => {
  it('leaves out what Connection names, however it is written, but for what the message is made of', () => {
    const headers = ['Connection', 'X-Mine, host', 'x-mine', '1', 'Host', 'h', 'Connection', 'y-MINE', 'Y-Mine', '2', 'Z', '3', 'TE', 'trailers'];
    expect(endToEndHeaders(headers, HOP_BY_HOP)).toEqual(['Host', 'h', 'Z', '3']);
  });

  // A megabyte of them was a 500, and a long one with many short ones held the process up for seconds.
  it.each([
    ['very many', 'a,'.repeat(500_000)],
    ['a long one and many', `${'x'.repeat(500_000)},${Array.from({ length: 60_000 }, (_, i) => `a${i}`).join()}`],
  ])('takes %s names in a Connection header', (_title, names) => {
    const headers = Array.from({ length: 3 }, (_, i) => ['Connection', names, `b${i}`, 'x']).flat();
    expect(endToEndHeaders([...headers, 'Z', '3'], HOP_BY_HOP).slice(-2)).toEqual(['Z', '3']);
  });
});
