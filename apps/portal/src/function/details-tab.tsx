import './details-tab.css';
import { Pencil } from 'lucide';
import type { ComponentChildren } from 'preact';
import { gatewayUrl, request } from '../api/client';
import { functionPath, STATUS_EVERY_MS, type FunctionStatus } from '../api/function-status';
import type { FunctionSummary } from '../live/summary';
import { functionHref } from '../route';
import { LinkButton } from '../ui/button';
import { CopyButton } from '../ui/copy-button';
import { toEnvLine } from '../ui/env-lines';
import { Notice } from '../ui/notice';
import { useResource } from '../ui/use-resource';
import { Facts, type Fact } from './facts';

/** How a function was deployed, and how it is called. */
export function DetailsTab({ fn }: { readonly fn: FunctionSummary }) {
  const { value: status, error } = useResource(fn.key, (signal) => request<FunctionStatus>('GET', functionPath(fn), { signal }), STATUS_EVERY_MS);
  if (status === undefined) {
    return error === undefined ? <p class="loading">Loading…</p> : <Notice kind="error">The details cannot be read: {error}.</Notice>;
  }
  const { envVars = {}, secrets = [], constraints = [], limits, requests } = status;
  return (
    <div class="details-tab">
      {error !== undefined && (
        <div class="details-wide">
          <Notice kind="warning">This may be old: {error}.</Notice>
        </div>
      )}
      <Part title="What runs" action={<LinkButton href={functionHref(fn.key, 'edit')} icon={Pencil} kind="quiet">Edit</LinkButton>}>
        <Facts
          label="What runs"
          of={[
            ['Image', <code>{status.image}</code>],
            ['Command', status.envProcess === undefined ? <span class="quiet">what the image names</span> : <code>{status.envProcess}</code>],
            ['Namespace', status.namespace],
            ['Created', new Date(status.createdAt).toLocaleString()],
            ['Root file system', status.readOnlyRootFilesystem ? 'read-only' : 'can be written to'],
            ['At most', resourcesInWords(limits) ?? <span class="quiet">no limit</span>],
            ['Reserved', resourcesInWords(requests) ?? <span class="quiet">nothing</span>],
            ['Secrets', secrets.length > 0 ? secrets.map((name) => <div><code>{name}</code></div>) : <span class="quiet">none</span>],
            ['Where it may run', constraints.length > 0 ? constraints.map((one) => <div><code>{one}</code></div>) : <span class="quiet">anywhere</span>],
          ]}
        />
      </Part>
      <Part title="How to call it">
        <Lines fn={fn} />
      </Part>
      <TextMap title="Environment" what="environment" of={envVars} />
      <TextMap title="Labels" what="labels" of={status.labels} />
      <TextMap title="Annotations" what="annotations" of={status.annotations} />
    </div>
  );
}

function Part({ title, action, children }: { readonly title: string; readonly action?: ComponentChildren; readonly children: ComponentChildren }) {
  return (
    <section class="card">
      <div class="row details-head">
        <h2 class="grow">{title}</h2>
        {action}
      </div>
      {children}
    </section>
  );
}

function Lines({ fn }: { readonly fn: FunctionSummary }) {
  const sync = gatewayUrl(`function/${fn.key}`);
  const later = gatewayUrl(`async-function/${fn.key}`);
  const lines: readonly (readonly [string, string])[] = [
    ['URL', sync],
    ['Asynchronous URL', later],
    ['Call with curl', `curl --data 'hello' '${sync}'`],
    ['Queue with curl', `curl --include --data 'hello' '${later}'`],
  ];
  const facts = lines.map(
    ([name, text]): Fact => [
      name,
      <span class="details-line">
        <code class="grow break">{text}</code>
        <CopyButton text={text} what={name} />
      </span>,
    ],
  );
  return <Facts label="How to call it" of={facts} />;
}

/** Copied as lines that the deploy form takes when they are pasted. */
function TextMap({ title, what, of }: { readonly title: string; readonly what: string; readonly of: Readonly<Record<string, string>> }) {
  const entries = Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return null;
  const text = entries.map(([name, value]) => `${toEnvLine(name, value)}\n`).join('');
  return (
    <Part title={title} action={<CopyButton text={text} what={what} />}>
      <Facts label={title} of={entries.map(([name, value]) => [<code>{name}</code>, <code>{value}</code>])} />
    </Part>
  );
}

function resourcesInWords({ memory, cpu }: FunctionStatus['limits'] = {}): string | undefined {
  return [memory && `${memory} of memory`, cpu && `${cpu} of CPU`].filter(Boolean).join(', ') || undefined;
}
