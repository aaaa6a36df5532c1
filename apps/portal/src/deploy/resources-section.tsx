import { Notice } from '../ui/notice';
import { TextField } from '../ui/field';
import type { DeployForm } from './form';
import type { Problems } from './problems';

type Kind = 'limits' | 'requests';

export interface ResourcesSectionProps {
  readonly form: Pick<DeployForm, Kind>;
  readonly problems: Problems;
  /** What else there is to know about them here. */
  readonly note: string | undefined;
  readonly onChange: (kind: Kind, part: Partial<DeployForm[Kind]>) => void;
}

/** How much memory and CPU it may have, and what is kept for it. */
export function ResourcesSection({ form, problems, note, onChange }: ResourcesSectionProps) {
  const amount = (kind: Kind, what: 'memory' | 'cpu', label: string, placeholder: string) => (
    <TextField label={label} placeholder={placeholder} value={form[kind][what]} onInput={(text) => onChange(kind, { [what]: text })} error={problems.get(`${kind}.${what}`)} />
  );
  return (
    <>
      {note !== undefined && <Notice>{note}</Notice>}
      <div class="fields">
        {amount('limits', 'memory', 'Memory, at most', '128Mi')}
        {amount('limits', 'cpu', 'CPU, at most', '500m')}
        {amount('requests', 'memory', 'Memory, reserved', '64Mi')}
        {amount('requests', 'cpu', 'CPU, reserved', '100m')}
      </div>
    </>
  );
}
