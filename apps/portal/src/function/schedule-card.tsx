import { request } from '../api/client';
import { functionPath, STATUS_EVERY_MS, type FunctionSchedule, type FunctionStatus } from '../api/function-status';
import { serverNowMs } from '../api/server-clock';
import type { FunctionSummary } from '../live/summary';
import { functionHref } from '../route';
import { Notice } from '../ui/notice';
import { useResource } from '../ui/use-resource';
import { Facts } from './facts';
import { momentInWords } from './moment-in-words';

/** When a function is called by the clock. */
export function ScheduleCard({ fn }: { readonly fn: FunctionSummary }) {
  const { value, error } = useResource(fn.key, (signal) => request<FunctionStatus>('GET', functionPath(fn), { signal }), STATUS_EVERY_MS);
  return (
    <section class="card stack tight">
      <h2>Schedule</h2>
      {error !== undefined && <Notice kind={value ? 'warning' : 'error'}>{value ? `This may be old: ${error}.` : `The schedule cannot be read: ${error}.`}</Notice>}
      {value ? <Schedule fn={fn} schedule={value.schedule} /> : error === undefined && <p class="loading">Loading…</p>}
    </section>
  );
}

function Schedule({ fn, schedule }: { readonly fn: FunctionSummary; readonly schedule: FunctionSchedule | undefined }) {
  if (schedule === undefined) {
    return (
      <p class="quiet">
        Nothing calls it by the clock. <a href={functionHref(fn.key, 'edit')}>Give it a schedule</a>
      </p>
    );
  }
  const nowMs = serverNowMs();
  return (
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
  );
}
