import type { RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiError, messageOf } from '../api/api-error';
import { request } from '../api/client';
import { functions } from '../live/live';
import { createFunction, takenText } from './create-function';
import { keepDraft, takeDraft } from './draft';
import { deploymentOf, withOwnFields, type DeployForm } from './form';
import { problemOf, type Problems } from './problems';
import { useLeavingGuard } from './use-leaving-guard';
import { useProblems } from './use-problems';
import { useSections, type Sections } from './use-sections';

export interface DeployOptions {
  readonly initial: DeployForm;
  /** Whether the function is there already. */
  readonly edits: boolean;
  /** The gateway has accepted it. */
  readonly onAccepted: (form: DeployForm) => void;
}

export interface Deploy {
  readonly form: DeployForm;
  /** Those that are shown. */
  readonly problems: Problems;
  readonly sections: Sections;
  readonly busy: boolean;
  readonly update: (next: (before: DeployForm) => DeployForm) => void;
  /** Gives labels and annotations to the fields that they have. */
  readonly absorb: () => void;
  readonly send: (event: Event) => Promise<void>;
  /** Where the fields are. */
  readonly element: RefObject<HTMLFormElement | null>;
}

const NONE: Problems = new Map();

/** A form that is filled in, and sent; what the gateway refuses becomes a problem of its field until the form is changed. */
export function useDeploy({ initial, edits, onAccepted }: DeployOptions): Deploy {
  const draftOf = edits ? `${initial.name}.${initial.namespace}` : 'new';
  const [form, setForm] = useState(() => takeDraft(draftOf) ?? initial);
  const [tried, setTried] = useState(0);
  const [refused, setRefused] = useState<Problems>(NONE);
  const [busy, setBusy] = useState(false);
  const element = useRef<HTMLFormElement>(null);

  const taken = !edits && functions.value?.has(`${form.name.trim()}.${form.namespace}`) === true;
  const known = useMemo(() => (taken ? new Map([['service', takenText(form.namespace)]]) : NONE), [taken, form.namespace]);
  const { all, shown } = useProblems(form, known, tried > 0);
  const problems = useMemo(() => new Map([...shown, ...refused]), [shown, refused]);
  const sections = useSections(problems);
  useLeavingGuard(form !== initial && !busy);
  const latest = useRef(form);
  latest.current = form;
  useEffect(() => () => latest.current === initial || keepDraft(draftOf, latest.current), []);

  // After a click that did not work: the first that is wrong, wherever it is.
  useEffect(() => {
    if (tried > 0) element.current?.querySelector<HTMLElement>('[aria-invalid="true"], .deploy-refusal')?.focus();
  }, [tried]);

  const update = (next: (before: DeployForm) => DeployForm) => {
    setForm(next);
    setRefused(NONE);
  };
  const lead = (to: Problems) => {
    sections.reveal(to);
    setTried((before) => before + 1);
  };
  const refuse = (path: string, text: string) => {
    const problem = new Map([[path, text]]);
    setRefused(problem);
    lead(problem);
    setBusy(false);
  };
  const send = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    if (all.size > 0) return lead(all);
    setBusy(true);
    try {
      const deployment = deploymentOf(form);
      if (edits) await request('PUT', 'system/functions', { body: deployment });
      else if ((await createFunction(deployment)) === 'taken') return refuse('service', takenText(form.namespace));
      onAccepted(form);
    } catch (error) {
      const { path, text } = error instanceof ApiError && error.status === 400 ? problemOf(error.message, form) : { path: '', text: `${messageOf(error)}.` };
      refuse(path, text);
    }
  };
  return { form, problems, sections, busy, update, absorb: () => setForm(withOwnFields), send, element };
}
