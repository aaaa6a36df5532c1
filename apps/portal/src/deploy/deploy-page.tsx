import { useMemo, useState } from 'preact/hooks';
import { request } from '../api/client';
import { functionPath, type FunctionStatus } from '../api/function-status';
import { useNamespaces } from '../api/use-namespaces';
import { storeFunction } from '../store/store';
import { storeForm } from '../store/store-form';
import { useArch } from '../store/use-arch';
import { LinkButton } from '../ui/button';
import { Empty } from '../ui/empty';
import { Notice } from '../ui/notice';
import { useResource } from '../ui/use-resource';
import { DeployForm } from './deploy-form';
import { DeployProgress } from './deploy-progress';
import { formOf, type DeployForm as Form } from './form';

export interface DeployPageProps {
  /** Key of the function that is changed. */
  readonly edits?: string;
  /** Name of a store entry to begin with. */
  readonly fromStore?: string | undefined;
}

/** A new function, or another version of one. */
export function DeployPage({ edits, fromStore }: DeployPageProps) {
  return edits === undefined ? <NewFunction fromStore={fromStore} /> : <EditFunction functionKey={edits} />;
}

function NewFunction({ fromStore }: { readonly fromStore: string | undefined }) {
  const { names, standard, error } = useNamespaces();
  const { arch, error: archError } = useArch();
  const wanted = fromStore === undefined ? undefined : storeFunction(fromStore);
  const initial = useMemo(() => {
    if (standard === undefined || arch === undefined) return undefined;
    return wanted ? storeForm(wanted, { namespace: standard, arch }) : formOf({ namespace: standard });
  }, [standard, arch, wanted]);
  const problem = error ?? archError;
  return (
    <>
      <Head title={wanted ? `${wanted.title}, from the store` : 'New function'} back={fromStore === undefined ? { href: '#/', text: 'All functions' } : { href: '#/store', text: 'Store' }} />
      {fromStore !== undefined && !wanted && <Notice kind="warning">There is no {fromStore} in the store; begin with an empty form, or choose another.</Notice>}
      {problem !== undefined && <Notice kind="error">The gateway cannot be asked: {problem}.</Notice>}
      {initial && <FormThenProgress key={fromStore} initial={initial} edits={false} namespaces={names} />}
      {!initial && problem === undefined && <p class="loading">Loading…</p>}
    </>
  );
}

function EditFunction({ functionKey }: { readonly functionKey: string }) {
  const name = functionKey.split('.', 1)[0]!;
  const { value, error } = useResource(functionKey, (signal) => request<FunctionStatus>('GET', functionPath(functionKey), { signal }));
  const initial = useMemo(() => value && formOf(value), [value]);
  if (error !== undefined && !initial) {
    return (
      <Empty title={`${functionKey} cannot be changed`}>
        <p>{error}</p>
        <LinkButton href="#/">All functions</LinkButton>
      </Empty>
    );
  }
  return (
    <>
      <Head title={`Change ${name}`} back={{ href: `#/functions/${encodeURIComponent(functionKey)}`, text: name }} />
      {initial ? <FormThenProgress initial={initial} edits namespaces={[]} /> : <p class="loading">Loading…</p>}
    </>
  );
}

function Head({ title, back }: { readonly title: string; readonly back: { readonly href: string; readonly text: string } }) {
  return (
    <div class="deploy-head">
      <a class="back" href={back.href}>
        ← {back.text}
      </a>
      <h1 class="break">{title}</h1>
    </div>
  );
}

interface FormThenProgressProps {
  readonly initial: Form;
  readonly edits: boolean;
  readonly namespaces: readonly string[];
}

function FormThenProgress({ initial, edits, namespaces }: FormThenProgressProps) {
  const [begin, setBegin] = useState(initial);
  const [accepted, setAccepted] = useState<Form>();
  const changeAgain = () => {
    setBegin(accepted!);
    setAccepted(undefined);
  };
  if (accepted) return <DeployProgress name={accepted.name.trim()} namespace={accepted.namespace} updates={edits} {...(edits ? { onChange: changeAgain } : {})} />;
  return <DeployForm initial={begin} edits={edits} namespaces={namespaces} onAccepted={setAccepted} />;
}
