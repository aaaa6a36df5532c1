import { useMemo, useState } from 'preact/hooks';
import { messageOf } from '../api/api-error';
import { request } from '../api/client';
import { useNamespaces } from '../api/use-namespaces';
import { DeployProgress } from '../deploy/deploy-progress';
import { deploymentOf, type DeployForm } from '../deploy/form';
import { useProblems } from '../deploy/use-problems';
import type { Problems } from '../deploy/problems';
import { functions } from '../live/live';
import { functionHref } from '../route';
import { Button, LinkButton } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field, TextField } from '../ui/field';
import { Notice } from '../ui/notice';
import type { StoreFunction } from './store';
import { storeForm } from './store-form';
import { StoreIcon } from './store-icon';

export interface StoreDialogProps {
  readonly one: StoreFunction;
  readonly arch: string;
  readonly onClose: () => void;
}

const NONE: Problems = new Map();

/** Deploys an entry of the store as it is, under a name of one's choice. */
export function StoreDialog({ one, arch, onClose }: StoreDialogProps) {
  const { names, standard, error } = useNamespaces();
  const [name, setName] = useState(one.name);
  const [picked, setPicked] = useState<string>();
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [accepted, setAccepted] = useState<DeployForm>();
  const namespace = picked ?? standard ?? '';
  const form = useMemo(() => ({ ...storeForm(one, { namespace, arch }), name }), [one, namespace, arch, name]);
  const key = `${name.trim()}.${namespace}`;
  const taken = functions.value?.has(key) === true;
  const { all } = useProblems(form, NONE, true);
  const nameProblem = taken ? `There is a function of this name in ${namespace} already.` : all.get('service');

  const send = async (event: Event) => {
    event.preventDefault();
    if (nameProblem !== undefined || namespace === '') return;
    setBusy(true);
    setFailure(undefined);
    try {
      await request('POST', 'system/functions', { body: deploymentOf(form) });
      setAccepted(form);
    } catch (reason) {
      setFailure(messageOf(reason));
      setBusy(false);
    }
  };
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
          <TextField label="Function name" value={name} onInput={setName} error={nameProblem} hint={taken ? <a href={functionHref(key)}>Go to that one</a> : undefined} />
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
