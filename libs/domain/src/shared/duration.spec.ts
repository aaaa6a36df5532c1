import fc from 'fast-check';
import { formatDuration, MAX_DURATION_MS, parseDurationMs } from './duration';

describe('parseDurationMs()', () => {
  it.each([
    ['500ms', 500],
    ['30', 30_000],
    ['0', 0],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
    ['1.5s', 1_500],
    ['100us', 0.1],
  ])('reads %s', (text, ms) => {
    expect(parseDurationMs(text)).toBeCloseTo(ms);
  });

  it.each(['', ' ', 'soon', '-1s', '1 s', '1d', '1s1', '9999999h'])('does not read %j', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  it('reads what formatDuration() writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_DURATION_MS - 10 }), (ms) => {
        // Written with two decimals of a second from one second on.
        expect(Math.abs(parseDurationMs(formatDuration(ms))! - ms)).toBeLessThanOrEqual(5);
      }),
    );
  });
});
