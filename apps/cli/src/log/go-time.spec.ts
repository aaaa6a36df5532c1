import fc from 'fast-check';
import { parseTimeLayout } from './go-time';

const AFTERNOON = '2026-02-03T15:04:05.120Z';
const MORNING = '2024-12-31T00:09:00Z';

describe('parseTimeLayout()', () => {
  it.each([
    ['2006-01-02T15:04:05Z07:00', '2026-02-03T15:04:05Z', '2024-12-31T00:09:00Z'],
    ['RFC3339Nano', '2026-02-03T15:04:05.12Z', '2024-12-31T00:09:00Z'],
    ['02.01.2006', '03.02.2026', '31.12.2024'],
    ['Mon Jan _2 15:04:05 2006', 'Tue Feb  3 15:04:05 2026', 'Tue Dec 31 00:09:00 2024'],
    ['Monday, 2 January 06', 'Tuesday, 3 February 26', 'Tuesday, 31 December 24'],
    ['Kitchen', '3:04PM', '12:09AM'],
    ['03:04 pm', '03:04 pm', '12:09 am'],
    ['15:04:05.000', '15:04:05.120', '00:09:00.000'],
    ['15:04:05,000000', '15:04:05,120000', '00:09:00,000000'],
    ['002 -0700 -07:00 -07 MST Z0700 Z07', '034 +0000 +00:00 +00 UTC Z Z', '366 +0000 +00:00 +00 UTC Z Z'],
    ['1/2 3h4m5s', '2/3 3h4m5s', '12/31 12h9m0s'],
  ])('%s', (layout, afternoon, morning) => {
    const write = parseTimeLayout(layout)!;
    expect([write(AFTERNOON), write(MORNING)]).toEqual([afternoon, morning]);
  });

  it('writes every time in UTC, as the platform does', () => {
    const write = parseTimeLayout('2006-01-02T15:04:05.000Z07:00')!;
    const times = fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });
    fc.assert(fc.property(times, (time) => expect(write(time.toISOString())).toBe(time.toISOString())));
    expect(write('2026-02-03T16:04:05.120+01:00')).toBe(AFTERNOON);
  });

  it('leaves a timestamp that is none as it is, and knows a layout without any time', () => {
    expect(parseTimeLayout('15:04')!('yesterday')).toBe('yesterday');
    expect(parseTimeLayout('YYYY-MM-DD')).toBeUndefined();
  });
});
