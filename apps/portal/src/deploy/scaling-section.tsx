import { parseScalingPolicy, SCALE_LABEL, SCALING_TYPES, type ScalingType } from '@shoal/domain/scaling/scaling-policy';
import { useMemo, useState } from 'preact/hooks';
import { Field, TextField } from '../ui/field';
import { span } from './describe-preview';
import { labelsOf, type DeployForm, type ScaleField } from './form';
import type { Problems } from './problems';
import { SCALING_TYPE_TEXT } from './scaling-digest';
import { ScalingPicture } from './scaling-picture';

const TARGET_TEXT: Readonly<Record<ScalingType, string>> = {
  rps: 'Calls a second for each replica',
  capacity: 'Calls at a time for each replica',
  cpu: 'Thousandths of a CPU for each',
  queue: 'Waiting calls for each replica',
  alert: 'Target',
};

/** What the rules take when nobody says anything. */
const DEFAULTS = parseScalingPolicy({});

export interface ScalingSectionProps {
  readonly form: DeployForm;
  readonly problems: Problems;
  readonly onChange: (part: Partial<DeployForm['scaling']>) => void;
}

/** The scaling policy, and a picture of what it does. */
export function ScalingSection({ form, problems, onChange }: ScalingSectionProps) {
  const { scaling } = form;
  const labels = useMemo(() => labelsOf(form), [form.scaling, form.labels]);
  const type = SCALING_TYPES.find((one) => one === scaling.type) ?? 'rps';
  const set = (field: ScaleField) => (value: string) => onChange({ [field]: value });
  const text = (field: ScaleField, label: string, placeholder: string | number, hint?: string) => (
    <TextField label={label} value={scaling[field]} onInput={set(field)} placeholder={String(placeholder)} hint={hint} error={problems.get(`labels.${SCALE_LABEL}${field}`)} />
  );
  const [fine, setFine] = useState(false);
  // Opens by itself then, and stays open when the mistake is corrected.
  const wrong = FINE.some((field) => problems.has(`labels.${SCALE_LABEL}${field}`));
  const sleeps = scaling.zero === 'true' || scaling.zero === '1';
  return (
    <>
      <div class="fields">
        <Field label="Scale by" error={problems.get(`labels.${SCALE_LABEL}type`)}>
          {(attributes) => (
            <select {...attributes} value={type} onChange={({ currentTarget }) => set('type')(currentTarget.value === DEFAULTS.type ? '' : currentTarget.value)}>
              {SCALING_TYPES.map((one) => (
                <option key={one} value={one}>
                  {SCALING_TYPE_TEXT[one]}
                </option>
              ))}
            </select>
          )}
        </Field>
        {type === 'alert' ? text('factor', 'Step of an alert, in % of the maximum', DEFAULTS.factorPercent) : text('target', TARGET_TEXT[type], DEFAULTS.target)}
        {text('min', 'Minimum replicas', DEFAULTS.min, '0: asleep until the first call')}
        {text('max', 'Maximum replicas', DEFAULTS.max)}
      </div>
      <div class="fields scaling-sleep">
        <label class="check">
          <input type="checkbox" checked={sleeps} onChange={({ currentTarget }) => set('zero')(currentTarget.checked ? 'true' : '')} />
          <span>
            Sleep when nobody calls
            <span class="field-hint">No replica while it sleeps; the next call wakes it.</span>
          </span>
        </label>
        {(sleeps || scaling['zero-duration'] !== '') && text('zero-duration', 'Asleep after', span(DEFAULTS.zeroAfterMs).replace(' min', 'm'))}
      </div>
      <ScalingPicture labels={labels} />
      <details
        class="more"
        open={fine || wrong}
        onToggle={({ currentTarget }) => {
          if (wrong) currentTarget.open = true;
          setFine(currentTarget.open);
        }}
      >
        <summary>Fine tuning</summary>
        <div class="fields">
          {text('target-proportion', 'Part of the target aimed at', DEFAULTS.targetProportion, 'The rest is in hand until there are more replicas.')}
          {text('down.window', 'Window before fewer', '30s', 'Replicas go when so few have sufficed for so long.')}
          {text('down.step', 'Largest step down', DEFAULTS.downStep, 'As a part of the replicas, above 0 up to 1.')}
          {text('warm-up', 'Warm-up', '0s', 'After replicas were added, no more for so long while they start.')}
        </div>
      </details>
    </>
  );
}

const FINE: readonly ScaleField[] = ['target-proportion', 'down.window', 'down.step', 'warm-up'];
