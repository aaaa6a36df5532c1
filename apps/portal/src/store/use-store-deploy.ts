import { useState } from 'preact/hooks';
import { messageOf } from '../api/api-error';
import { createFunction, takenText } from '../deploy/create-function';
import { deploymentOf, type DeployForm } from '../deploy/form';
import type { Problems } from '../deploy/problems';
import { useProblems } from '../deploy/use-problems';
import { functions } from '../live/live';

export interface StoreDeploy {
  readonly nameProblem: string | undefined;
  /** Whether that is because there is a function of this name. */
  readonly taken: boolean;
  /** Why the gateway did not take it. */
  readonly failure: string | undefined;
  readonly busy: boolean;
  /** What the gateway has accepted. */
  readonly accepted: DeployForm | undefined;
  readonly send: (event: Event) => Promise<void>;
}

const NONE: Problems = new Map();

/** Deploys a form of which only name and namespace can be changed. */
export function useStoreDeploy(form: DeployForm): StoreDeploy {
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [accepted, setAccepted] = useState<DeployForm>();
  /** Key of one that is there although the list does not have it. */
  const [found, setFound] = useState<string>();
  const key = `${form.name.trim()}.${form.namespace}`;
  const listed = functions.value?.has(key) === true;
  const taken = listed || found === key;
  const { all } = useProblems(form, NONE, true);
  const mistake = all.get('service');

  const send = async (event: Event) => {
    event.preventDefault();
    if (listed || mistake !== undefined || form.namespace === '') return;
    setBusy(true);
    setFailure(undefined);
    try {
      if ((await createFunction(deploymentOf(form))) === 'accepted') setAccepted(form);
      else setFound(key);
    } catch (reason) {
      setFailure(messageOf(reason));
    }
    setBusy(false);
  };
  return { nameProblem: taken ? takenText(form.namespace) : mistake, taken, failure, busy, accepted, send };
}
