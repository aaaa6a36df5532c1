import './secrets-page.css';
import { KeyRound, Plus, RefreshCw, Trash2 } from 'lucide';
import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { useNamespaces } from '../api/use-namespaces';
import { functionHref } from '../route';
import { Button } from '../ui/button';
import { Empty } from '../ui/empty';
import { Icon } from '../ui/icon';
import { Notice } from '../ui/notice';
import { tellDone } from '../ui/toasts';
import { useResource } from '../ui/use-resource';
import { DeleteSecretDialog } from './delete-secret-dialog';
import { SecretDialog } from './secret-dialog';
import { listSecrets, usersOfSecrets } from './secrets-api';

type Action = { readonly kind: 'create' } | { readonly kind: 'replace' | 'delete'; readonly name: string };

/** The secrets of a namespace: their names, and who reads them. A value is never shown. */
export function SecretsPage() {
  const { names, standard, error: namespacesError } = useNamespaces();
  const [picked, setPicked] = useState<string>();
  const namespace = picked ?? standard;
  const [action, setAction] = useState<Action>();
  const { value, error, reload } = useResource(`secrets ${namespace ?? ''}`, async (signal) => {
    if (namespace === undefined) return undefined;
    const [secrets, users] = await Promise.all([listSecrets(namespace, signal), usersOfSecrets(namespace, signal)]);
    return { secrets, users };
  });
  const close = () => setAction(undefined);
  const done = (text: string) => {
    close();
    reload();
    tellDone(text);
  };
  const problem = namespacesError ?? error;
  return (
    <>
      <div class="page-head">
        <h1 class="grow">Secrets</h1>
        {names.length > 1 && (
          <select class="secrets-namespace" aria-label="Namespace" value={namespace} onChange={({ currentTarget }) => setPicked(currentTarget.value)}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
        <Button kind="primary" icon={Plus} disabled={namespace === undefined} onClick={() => setAction({ kind: 'create' })}>
          New secret
        </Button>
      </div>
      <div class="stack">
        {problem !== undefined && <Notice kind="error">The secrets cannot be listed: {problem}.</Notice>}
        {value && namespace !== undefined && (value.secrets.length === 0 ? <NoSecrets namespace={namespace} /> : <SecretList namespace={namespace} {...value} onAction={setAction} />)}
        {!value && problem === undefined && <p class="loading">Loading…</p>}
      </div>
      {action?.kind === 'create' && <SecretDialog namespace={namespace!} onClose={close} onDone={(name) => done(`${name} is there; functions that are deployed from now on can read it.`)} />}
      {action?.kind === 'replace' && <SecretDialog namespace={namespace!} replaces={action.name} onClose={close} onDone={(name) => done(`${name} has its new value.`)} />}
      {action?.kind === 'delete' && <DeleteSecretDialog namespace={namespace!} name={action.name} users={value?.users.get(action.name) ?? []} onClose={close} onDone={() => done(`${action.name} is deleted.`)} />}
    </>
  );
}

interface SecretListProps {
  readonly namespace: string;
  readonly secrets: readonly string[];
  readonly users: ReadonlyMap<string, readonly string[]>;
  readonly onAction: (action: Action) => void;
}

function SecretList({ namespace, secrets, users, onAction }: SecretListProps) {
  return (
    <>
      <ul class="card secret-list" aria-label={`Secrets of ${namespace}`}>
        {secrets.map((name) => (
          <li key={name}>
            <span class="secret-icon">
              <Icon of={KeyRound} />
            </span>
            <div class="grow">
              <p class="secret-name break">{name}</p>
              <p class="quiet break">
                {users.has(name) ? (
                  <>
                    read by{' '}
                    {users.get(name)!.map((user, index) => (
                      <Fragment key={user}>
                        {index > 0 && ', '}
                        <a href={functionHref(`${user}.${namespace}`)}>
                          {user}
                        </a>
                      </Fragment>
                    ))}
                  </>
                ) : (
                  'not used'
                )}
              </p>
            </div>
            <Button icon={RefreshCw} aria-label={`Replace ${name}`} onClick={() => onAction({ kind: 'replace', name })}>
              Replace
            </Button>
            <Button kind="danger" icon={Trash2} aria-label={`Delete ${name}`} title={`Delete ${name}`} onClick={() => onAction({ kind: 'delete', name })} />
          </li>
        ))}
      </ul>
      <p class="field-hint">Values are never shown again: not here, and not by the API. Functions read them as files.</p>
    </>
  );
}

function NoSecrets({ namespace }: { readonly namespace: string }) {
  return (
    <div class="card">
      <Empty title={`None in ${namespace} yet`}>
        <p>Passwords, keys and certificates belong here rather than into the environment: a function reads those that it was given as files, and nobody can read them back out.</p>
      </Empty>
    </div>
  );
}
