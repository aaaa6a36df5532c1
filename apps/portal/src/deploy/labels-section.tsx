import type { Entry } from './entries';
import type { DeployForm } from './form';
import { KeyValueEditor } from './key-value-editor';
import type { Problems } from './problems';

const ANNOTATION_NAMES = ['description', 'topic', 'com.openfaas.retry.attempts', 'com.openfaas.retry.codes', 'com.openfaas.retry.min_wait', 'com.openfaas.retry.max_wait', 'com.openfaas.retry.deadline', 'com.openfaas.async.concurrency'] as const;
const LABEL_NAMES = ['com.openfaas.ui.ext'] as const;

export interface LabelsSectionProps {
  readonly form: Pick<DeployForm, 'labels' | 'annotations'>;
  readonly problems: Problems;
  readonly onChange: (kind: 'labels' | 'annotations', update: (entries: readonly Entry[]) => readonly Entry[]) => void;
  /** A line has been left. */
  readonly onLeave: () => void;
}

/** Labels and annotations that have no field of their own. */
export function LabelsSection({ form, problems, onChange, onLeave }: LabelsSectionProps) {
  const common = { problems, onLeave };
  return (
    <>
      <h3>Labels</h3>
      <KeyValueEditor {...common} what="label" field="labels" names={LABEL_NAMES} entries={form.labels} onChange={(next) => onChange('labels', next)} />
      <h3>Annotations</h3>
      <KeyValueEditor {...common} what="annotation" field="annotations" names={ANNOTATION_NAMES} entries={form.annotations} onChange={(next) => onChange('annotations', next)} />
      <p class="field-hint">The labels of the scaling policy and the annotations of the schedule have fields above; written here, they move there.</p>
    </>
  );
}
