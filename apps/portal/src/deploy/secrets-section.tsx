import { KeyRound } from 'lucide';
import { useState } from 'preact/hooks';
import { SecretDialog } from '../secrets/secret-dialog';
import { listSecrets } from '../secrets/secrets-api';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import { useResource } from '../ui/use-resource';

export interface SecretsSectionProps {
  readonly namespace: string;
  readonly chosen: readonly string[];
  readonly error: string | undefined;
  readonly onChange: (name: string, wanted: boolean) => void;
}

/** Which secrets the function may read. */
export function SecretsSection({ namespace, chosen, error, onChange }: SecretsSectionProps) {
  const { value: existing, error: problem, reload } = useResource(`secrets ${namespace}`, (signal) => (namespace === '' ? Promise.resolve([]) : listSecrets(namespace, signal)));
  const [adding, setAdding] = useState(false);
  const missing = existing === undefined ? [] : chosen.filter((name) => !existing.includes(name));
  return (
    <>
      {problem !== undefined && <Notice kind="error">The secrets cannot be listed: {problem}.</Notice>}
      {existing?.length === 0 && missing.length === 0 && <p class="quiet">There are no secrets in {namespace} yet.</p>}
      <div class="checks" role="group" aria-label="Secrets that the function may read">
        {[...(existing ?? chosen), ...missing].map((name) => (
          <label key={name} class="check">
            <input type="checkbox" checked={chosen.includes(name)} aria-invalid={missing.includes(name) ? true : undefined} onChange={({ currentTarget }) => onChange(name, currentTarget.checked)} />
            <span class="break">
              {name}
              {missing.includes(name) && <span class="field-error">does not exist any more</span>}
            </span>
          </label>
        ))}
      </div>
      {error && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
      <div class="row">
        <Button icon={KeyRound} onClick={() => setAdding(true)}>
          New secret
        </Button>
        <span class="field-hint">The function finds each as a file of that name.</span>
      </div>
      {adding && (
        <SecretDialog
          namespace={namespace}
          onClose={() => setAdding(false)}
          onDone={(name) => {
            setAdding(false);
            onChange(name, true);
            reload();
          }}
        />
      )}
    </>
  );
}
