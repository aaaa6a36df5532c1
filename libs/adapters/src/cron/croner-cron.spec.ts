import { CronerCron } from './croner-cron';

const cron = new CronerCron();
const schedule = (text: string, timeZone = 'UTC') => ({ cron: text, timeZone, missed: 'skip' as const });
const next = (text: string, after: string, timeZone?: string) => {
  const ms = cron.next(schedule(text, timeZone), Date.parse(after));
  return ms === undefined ? undefined : new Date(ms).toISOString();
};

describe('CronerCron', () => {
  it('finds the next time, in a time zone, over changes of the clock', () => {
    expect(next('*/5 * * * *', '2026-01-01T00:02:00Z')).toBe('2026-01-01T00:05:00.000Z');
    expect(next('*/5 * * * *', '2026-01-01T00:05:00Z')).toBe('2026-01-01T00:10:00.000Z');
    expect(next('*/10 * * * * *', '2026-01-01T00:00:01Z')).toBe('2026-01-01T00:00:10.000Z');
    expect(next('@daily', '2026-01-01T00:00:01Z', 'Europe/Berlin')).toBe('2026-01-01T23:00:00.000Z');
    expect(next('30 8 * * MON', '2026-07-01T00:00:00Z', 'Europe/Berlin')).toBe('2026-07-06T06:30:00.000Z');
    // 02:30 does not exist on that day.
    expect(next('30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T01:00:00.000Z');
    // One hour comes twice.
    expect(next('*/30 * * * *', '2025-11-02T05:30:00Z', 'America/New_York')).toBe('2025-11-02T06:00:00.000Z');
    expect(next('*/10 * * * *', '2025-11-02T06:10:00Z', 'America/New_York')).toBe('2025-11-02T06:20:00.000Z');
    expect(next('0 0 30 2 *', '2026-01-01T00:00:00Z')).toBeUndefined();
  });

  it('says what is wrong', () => {
    expect(cron.problem(schedule('*/5 * * * *'))).toBeUndefined();
    expect(cron.problem(schedule('every day'))).toMatch(/^cannot be used: /);
    expect(cron.problem(schedule(''))).toMatch(/^cannot be used: /);
    expect(cron.problem(schedule('61 * * * *'))).toMatch(/^cannot be used: /);
    expect(cron.problem(schedule('0 0 30 2 *'))).toBe('never comes about');
    expect(cron.problem(schedule('* * * * *', 'Nowhere/Land'))).toMatch(/^cannot be used: /);
  });
});
