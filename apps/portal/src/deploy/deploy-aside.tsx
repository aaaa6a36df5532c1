import { Rocket } from 'lucide';
import { Button } from '../ui/button';
import type { DeployForm } from './form';
import type { Problems } from './problems';
import { scalingDigest } from './scaling-digest';
import { inOrder } from './sections';

export interface DeployAsideProps {
  readonly form: DeployForm;
  readonly edits: boolean;
  readonly problems: Problems;
  readonly busy: boolean;
}

/** The form in short, what is wrong with it, and the button. */
export function DeployAside({ form, edits, problems, busy }: DeployAsideProps) {
  return (
    <aside class="card stack deploy-aside" aria-label="Deploy">
      <h2 class="break">{form.name.trim() || 'New function'}</h2>
      <dl class="deploy-facts">
        <dt>Runs</dt>
        <dd class="break mono">{form.command.trim() || form.image.trim() || '–'}</dd>
        <dt>In</dt>
        <dd class="break">{form.namespace || '–'}</dd>
        <dt>Replicas</dt>
        <dd>{scalingDigest(form)}</dd>
      </dl>
      {problems.size > 0 && (
        <ul class="deploy-problems" aria-label="What is wrong">
          {inOrder(problems).map(([path, text]) => (
            <li key={path}>{text}</li>
          ))}
        </ul>
      )}
      <Button kind="primary" type="submit" icon={Rocket} busy={busy}>
        {edits ? 'Update' : 'Deploy'}
      </Button>
      {edits && <p class="field-hint">The version that runs serves on until the new one is ready.</p>}
    </aside>
  );
}
