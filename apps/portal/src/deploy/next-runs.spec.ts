import { CronerCron } from '@shoal/adapters/cron/croner-cron';
import { nextRuns } from './next-runs';

const runs = (annotations: Record<string, string>) => nextRuns(annotations, new CronerCron(), { afterMs: Date.parse('2026-01-31T23:30:00Z'), count: 2 }).map((at) => new Date(at).toISOString());

it('nextRuns() tells the next times, in the time zone of the schedule', () => {
  expect(runs({ schedule: '0 6 * * *' })).toEqual(['2026-02-01T06:00:00.000Z', '2026-02-02T06:00:00.000Z']);
  expect(runs({ schedule: '0 6 * * *', 'schedule.timezone': 'Asia/Tokyo' })).toEqual(['2026-02-01T21:00:00.000Z', '2026-02-02T21:00:00.000Z']);
});

it.each([{}, { schedule: 'soon' }, { schedule: '0 0 30 2 *' }, { schedule: '@daily', 'schedule.missed': 'x' }, { schedule: '@daily', 'schedule.timezone': 'Mars/North' }])('nextRuns() are none of %j', (annotations) => {
  expect(runs(annotations)).toEqual([]);
});
