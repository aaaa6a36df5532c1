import { request } from '../api/client';
import type { FunctionSummary } from '../live/summary';
import { functionHref } from '../route';
import { useResource } from '../ui/use-resource';
import { Facts } from './facts';
import { functionPath, STATUS_EVERY_MS, type FunctionStatus } from './function-status';
import { momentInWords } from './moment-in-words';

/** When a function is called by the clock. */
export function ScheduleCard({ fn }: { readonly fn: FunctionSummary }) {
  const { value } = useResource(fn.key, (signal) => request<FunctionStatus>('GET', functionPath(fn), { signal }), STATUS_EVERY_MS);
  if (value === undefined) return null;
  const { schedule } = value;
  const nowMs = Date.now();
  return (
    <section class="card stack tight">
      <h2>Schedule</h2>
      {schedule === undefined ? (
        <p class="quiet">
          Nothing calls it by the clock. <a href={functionHref(fn.key, 'edit')}>Give it a schedule</a>
        </p>
      ) : (
        <Facts
          label="Schedule"
          of={[
            ['Cron', <code>{schedule.cron}</code>],
            ['Time zone', schedule.timeZone],
            ['Next run', schedule.nextRun === undefined ? 'never' : momentInWords(Date.parse(schedule.nextRun), nowMs)],
            ['Last run', schedule.lastRun === undefined ? 'none yet' : momentInWords(Date.parse(schedule.lastRun), nowMs)],
            ['Missed runs', schedule.missed === 'once' ? 'are made up for by one' : 'are left out'],
          ]}
        />
      )}
    </section>
  );
}
