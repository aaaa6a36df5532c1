import { Field, TextField } from '../ui/field';
import type { DeployForm } from './form';
import type { Problems } from './problems';
import type { ProviderTexts } from './provider-texts';

export interface AdvancedSectionProps {
  readonly form: DeployForm;
  readonly problems: Problems;
  readonly provider: ProviderTexts;
  readonly onChange: (part: Partial<DeployForm>) => void;
}

/** What few functions need. */
export function AdvancedSection({ form, problems, provider, onChange }: AdvancedSectionProps) {
  return (
    <>
      <label class="check">
        <input type="checkbox" checked={form.readOnlyRoot} onChange={({ currentTarget }) => onChange({ readOnlyRoot: currentTarget.checked })} />
        <span>
          Read-only root filesystem
          <span class="field-hint">It can write to /tmp only. {provider.readOnlyNote}</span>
        </span>
      </label>
      <Field label="Constraints" hint={provider.constraintsHint} error={problems.get('constraints')}>
        {(attributes) => <textarea {...attributes} rows={2} spellcheck={false} placeholder="node.role == worker" value={form.constraints} onInput={({ currentTarget }) => onChange({ constraints: currentTarget.value })} />}
      </Field>
      <TextField label="Network" value={form.network} onInput={(network) => onChange({ network })} error={problems.get('network')} hint={provider.networkHint} />
    </>
  );
}
