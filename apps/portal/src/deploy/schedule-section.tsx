import { CronerCron } from '@shoal/adapters/cron/croner-cron';
import { useId, useMemo } from 'preact/hooks';
import { Button } from '../ui/button';
import { Field, TextField } from '../ui/field';
import { deploymentOf, type DeployForm, type ScheduleField } from './form';
import { nextRuns } from './next-runs';
import type { Problems } from './problems';

const cron = new CronerCron();
const SHOWN_RUNS = 3;
const PRESETS = [
  { text: 'Every 5 minutes', cron: '*/5 * * * *' },
  { text: 'Every hour', cron: '0 * * * *' },
  { text: 'Daily at 6', cron: '0 6 * * *' },
  { text: 'Mondays at 6', cron: '0 6 * * 1' },
] as const;

export interface ScheduleSectionProps {
  readonly form: DeployForm;
  readonly problems: Problems;
  readonly onChange: (part: Partial<DeployForm['schedule']>) => void;
}

/** When the function is called by the clock. */
export function ScheduleSection({ form, problems, onChange }: ScheduleSectionProps) {
  const { schedule } = form;
  const zones = useId();
  const set = (field: ScheduleField) => (value: string) => onChange({ [field]: value });
  const zone = schedule['schedule.timezone'].trim() || 'UTC';
  const runs = useMemo(() => nextRuns(deploymentOf(form).annotations ?? {}, cron, { afterMs: Date.now(), count: SHOWN_RUNS }), [schedule]);
  return (
    <>
      <div class="stack tight">
        <TextField
          label="Cron expression"
          value={schedule.schedule}
          onInput={set('schedule')}
          placeholder="*/5 * * * *"
          error={problems.get('annotations.schedule')}
          hint="Minute, hour, day, month, weekday; or six fields, with seconds first. The function is called with an empty body. Empty: never."
        />
        <div class="row presets">
          {PRESETS.map((preset) => (
            <Button key={preset.cron} aria-pressed={schedule.schedule === preset.cron} onClick={() => set('schedule')(preset.cron)}>
              {preset.text}
            </Button>
          ))}
        </div>
      </div>
      <div class="fields">
        <TextField label="Time zone" value={schedule['schedule.timezone']} onInput={set('schedule.timezone')} placeholder="UTC" list={zones} error={problems.get('annotations.schedule.timezone')} />
        <Field label="When the gateway was not there at the time" error={problems.get('annotations.schedule.missed')}>
          {(attributes) => (
            <select {...attributes} value={schedule['schedule.missed'] || 'skip'} onChange={({ currentTarget }) => set('schedule.missed')(currentTarget.value)}>
              <option value="skip">Leave the call out</option>
              <option value="once">Call once as soon as it is back</option>
            </select>
          )}
        </Field>
      </div>
      <div role="status">
        {runs.length > 0 && (
          <>
            <p class="label">Next calls, {zone}</p>
            <ol class="next-runs numbers">
              {runs.map((at) => (
                <li key={at}>
                  <time dateTime={new Date(at).toISOString()}>{shown(at, zone)}</time>
                </li>
              ))}
            </ol>
          </>
        )}
      </div>
      <datalist id={zones}>
        {Intl.supportedValuesOf('timeZone').map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}

function shown(atMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone }).format(atMs);
}
