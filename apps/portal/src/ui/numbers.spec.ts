import { formatAgo, formatBytes, formatCount, formatMs, formatShare } from './numbers';

describe('numbers for people', () => {
  it.each([
    [formatCount(1_204.4), '1,204'],
    [formatCount(12.44), '12.4'],
    [formatCount(0.253), '0.25'],
    [formatCount(3), '3'],
    [formatMs(0.84), '0.8 ms'],
    [formatMs(45.4), '45 ms'],
    [formatMs(2_449), '2.4 s'],
    [formatMs(90_000), '1.5 min'],
    [formatShare(0), '0 %'],
    [formatShare(0.0001), '0.1 %'],
    [formatShare(0.034), '3.4 %'],
    [formatShare(0.5), '50 %'],
    [formatBytes(999), '999 B'],
    [formatBytes(3_440), '3.4 kB'],
    [formatBytes(1_240_000), '1.2 MB'],
    [formatAgo(0, 1_000), 'now'],
    [formatAgo(0, 59_000), '59 s ago'],
    [formatAgo(0, 3_599_000), '59 min ago'],
    [formatAgo(0, 86_399_000), '23 h ago'],
    [formatAgo(0, 86_400_000), '1 d ago'],
    [formatAgo(5_000, 0), 'now'],
  ])('%s is written %s', (written, expected) => expect(written).toBe(expected));
});
