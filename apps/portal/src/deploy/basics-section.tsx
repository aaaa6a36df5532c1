import { functionHref } from '../route';
import { Field, TextField } from '../ui/field';
import { takenText } from './create-function';
import type { DeployForm } from './form';
import type { Problems } from './problems';
import type { ProviderTexts } from './provider-texts';

export interface BasicsSectionProps {
  readonly form: DeployForm;
  /** Whether the function is there already, so that its name stays. */
  readonly edits: boolean;
  readonly namespaces: readonly string[];
  readonly problems: Problems;
  readonly provider: ProviderTexts;
  readonly onChange: (part: Partial<DeployForm>) => void;
}

/** What every function has. */
export function BasicsSection({ form, edits, namespaces, problems, provider, onChange }: BasicsSectionProps) {
  const isTaken = problems.get('service') === takenText(form.namespace);
  const kept = edits ? 'Stays as it is; another name is another function.' : 'a-z, 0-9 and -';
  return (
    <section class="card stack" aria-label="The function">
      <div class="fields">
        <TextField
          label="Name"
          value={form.name}
          onInput={(name) => onChange({ name })}
          disabled={edits}
          error={problems.get('service')}
          hint={isTaken ? <a href={functionHref(`${form.name.trim()}.${form.namespace}`, 'edit')}>Change that one instead</a> : kept}
        />
        <Field label="Namespace" error={problems.get('namespace')}>
          {(attributes) => (
            <select {...attributes} value={form.namespace} disabled={edits} onChange={({ currentTarget }) => onChange({ namespace: currentTarget.value, secrets: [] })}>
              {(edits ? [form.namespace] : namespaces).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <TextField label="Image" value={form.image} onInput={(image) => onChange({ image })} error={problems.get('image')} hint={provider.imageHint} placeholder={provider.imagePlaceholder} />
      <TextField label="Command" value={form.command} onInput={(command) => onChange({ command })} error={problems.get('envProcess')} hint={provider.commandHint} placeholder={provider.commandPlaceholder} />
    </section>
  );
}
