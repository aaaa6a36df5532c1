import { Send, X } from 'lucide';
import { useState } from 'preact/hooks';
import { Button } from '../ui/button';
import { CopyButton } from '../ui/copy-button';
import { Notice } from '../ui/notice';
import { BodyField } from './body-field';
import { queryRows, withQueryRow, type CallMode, type Pair } from './call-url';
import { Choice } from './choice';
import { curlCommand } from './curl-command';
import { bodyOf, headersOf, METHODS } from './draft';
import { PairRows } from './pair-rows';
import { headerProblem, isDropped } from './request-headers';
import type { Trial } from './trial';

const MODES: readonly (readonly [CallMode, string])[] = [
  ['sync', 'Wait for the answer'],
  ['async', 'Queue it'],
];

/** The call to make. Ctrl or Cmd with Enter sends it from anywhere within. */
export function RequestForm({ trial }: { readonly trial: Trial }) {
  const draft = trial.draft.value;
  const [wasSent, setSent] = useState(false);
  const problem = trial.problem();
  const send = () => {
    setSent(true);
    return trial.send();
  };
  return (
    <form
      class="card stack try-form"
      aria-label="Call"
      onSubmit={(event) => (event.preventDefault(), send())}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        return send();
      }}
    >
      <Choice label="When it runs" value={draft.mode} options={MODES} onChange={(mode) => trial.change({ mode })} />
      <div class="try-target">
        <select aria-label="Method" value={draft.method} onChange={({ currentTarget }) => trial.change({ method: currentTarget.value })}>
          {METHODS.map((method) => (
            <option key={method}>{method}</option>
          ))}
        </select>
        <input class="mono" aria-label="Path and query" aria-invalid={trial.url() === undefined ? true : undefined} value={draft.path} placeholder="/" autocomplete="off" autocapitalize="none" spellcheck={false} onInput={({ currentTarget }) => trial.change({ path: currentTarget.value })} />
      </div>
      <PairRows title="Query" one="Parameter" rows={queryRows(draft.path)} onRow={(index, row) => trial.change({ path: withQueryRow(draft.path, index, row) })} />
      <PairRows title="Headers" one="Header" rows={draft.headers} noteOf={noteOf} onRow={(index, row) => trial.change({ headers: withRow(draft.headers, index, row) })} />
      <BodyField trial={trial} />
      {wasSent && problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {trial.note.value !== undefined && <Notice>{trial.note.value}</Notice>}
      <div class="row">
        <Button kind="primary" type="submit" icon={Send} busy={trial.isRunning} title="Ctrl+Enter, ⌘+Enter">
          Send
        </Button>
        {trial.isRunning && (
          <Button icon={X} onClick={({ currentTarget }) => (focusSend(currentTarget), trial.cancel())}>
            Cancel
          </Button>
        )}
        <span class="quiet try-keys" aria-hidden="true">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </span>
      </div>
      <Curl trial={trial} />
    </form>
  );
}

/** Before the button that has the focus goes. */
function focusSend({ form }: HTMLButtonElement): void {
  form?.querySelector<HTMLElement>('[type="submit"]')?.focus();
}

function noteOf(header: Pair) {
  const problem = headerProblem(header);
  if (problem !== undefined) return { text: problem, isError: true };
  return isDropped(header.name) ? { text: `Browsers do not let a page set ${header.name.trim()}: it is left out here. The curl command has it.`, isError: false } : undefined;
}

function withRow(rows: readonly Pair[], index: number, row: Pair | undefined): Pair[] {
  const next = [...rows];
  if (row) next[index] = row;
  else next.splice(index, 1);
  return next;
}

function Curl({ trial }: { readonly trial: Trial }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="pairs" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>As a curl command</summary>
      {isOpen && <Command trial={trial} />}
    </details>
  );
}

function Command({ trial }: { readonly trial: Trial }) {
  const draft = trial.draft.value;
  const url = trial.url();
  if (url === undefined) return <p class="field-hint">The path leads out of the function.</p>;
  const body = bodyOf(draft);
  const command = curlCommand({ method: draft.method, url, headers: headersOf(draft), ...(body === undefined ? {} : { body: typeof body === 'string' ? { text: body } : { fileName: body.name } }) });
  return (
    <div class="try-curl">
      <pre tabIndex={0} role="region" aria-label="curl command">
        {command.length > MAX_SHOWN_COMMAND ? `${command.slice(0, MAX_SHOWN_COMMAND)}…` : command}
      </pre>
      <CopyButton text={command} what="curl command" />
    </div>
  );
}

/** The whole of it is copied. */
const MAX_SHOWN_COMMAND = 4_000;
