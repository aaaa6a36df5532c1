import { useMemo, useState } from 'preact/hooks';
import { useNamespaces } from '../api/use-namespaces';
import { DeployProgress } from '../deploy/deploy-progress';
import { functionHref } from '../route';
import { Button, LinkButton } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field, TextField } from '../ui/field';
import { Notice } from '../ui/notice';
import type { StoreFunction } from './store';
import { storeForm } from './store-form';
import { StoreIcon } from './store-icon';
import { useStoreDeploy } from './use-store-deploy';

export interface StoreDialogProps {
  readonly one: StoreFunction;
  readonly arch: string;
  readonly onClose: () => void;
}

/** Deploys an entry of the store as it is, under a name of one's choice. */
export function StoreDialog({ one, arch, onClose }: StoreDialogProps) {
  const { names, standard, error } = useNamespaces();
  const [name, setName] = useState(one.name);
  const [picked, setPicked] = useState<string>();
  const namespace = picked ?? standard ?? '';
  const form = useMemo(() => ({ ...storeForm(one, { namespace, arch }), name }), [one, namespace, arch, name]);
  const { nameProblem, taken, failure, busy, accepted, send } = useStoreDeploy(form);
  if (accepted) {
    return (
      <Dialog title={`Deploy ${one.title}`} onClose={onClose}>
        <DeployProgress name={accepted.name.trim()} namespace={accepted.namespace} updates={false} />
      </Dialog>
    );
  }
  return (
    <Dialog title={`Deploy ${one.title}`} onClose={onClose}>
      <form class="stack" onSubmit={send}>
        <div class="store-dialog-head">
          <StoreIcon of={one} />
          <p class="grow break">{one.description}</p>
        </div>
        {failure !== undefined && <Notice kind="error">It was not deployed: {failure}.</Notice>}
        {error !== undefined && <Notice kind="error">The namespaces cannot be listed: {error}.</Notice>}
        <div class="fields">
          <TextField label="Function name" value={name} onInput={setName} error={nameProblem} hint={taken ? <a href={functionHref(`${name.trim()}.${namespace}`, 'edit')}>Change that one instead</a> : undefined} />
          <Field label="Namespace">
            {(attributes) => (
              <select {...attributes} value={namespace} onChange={({ currentTarget }) => setPicked(currentTarget.value)}>
                {names.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </select>
            )}
          </Field>
        </div>
        <p class="field-hint break">
          Runs {arch === 'local' ? 'the bundle' : 'the image'} <code>{form.image}</code>
          {form.scaling.zero === 'true' && ', asleep while nobody calls'}.
        </p>
        <div class="dialog-foot">
          <LinkButton kind="quiet" href={`#/new/${encodeURIComponent(one.name)}`}>
            Change first
          </LinkButton>
          <Button kind="primary" type="submit" busy={busy}>
            Deploy
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
