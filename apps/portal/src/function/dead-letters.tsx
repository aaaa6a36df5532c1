import { ChevronLeft, ChevronRight, RotateCw, Trash2 } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../api/api-error';
import { request } from '../api/client';
import type { FunctionSummary } from '../live/summary';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Notice } from '../ui/notice';
import { formatAgo } from '../ui/numbers';
import { tellDone, tellFailed } from '../ui/toasts';
import { useResource } from '../ui/use-resource';
import { CallFacts } from './call-facts';
import { outcomeInWords, type CallStatus, type DeadLetter } from './call-status';

const PAGE = 20;
const LETTERS_EVERY_MS = 5_000;

export interface DeadLettersProps {
  readonly fn: FunctionSummary;
  /** How many there are, as far as is known. */
  readonly total: number;
  /** Some have been sent again, or forgotten. */
  readonly onChange: () => void;
}

type Shown = { readonly what: 'letter'; readonly id: string } | { readonly what: 'redrive-all' | 'purge-all' };

/** Asynchronous calls that failed for good: what they were, and what to do with them. */
export function DeadLetters({ fn, total, onChange }: DeadLettersProps) {
  /** The last ids of the pages before. */
  const [before, setBefore] = useState<readonly string[]>([]);
  const [shown, setShown] = useState<Shown>();
  const after = before.at(-1);
  const query = new URLSearchParams({ function: fn.key, limit: String(PAGE + 1), ...(after === undefined ? {} : { after }) });
  // The total is in the key, so that the list follows it at once.
  const { value, error, reload } = useResource(`${query} ${total}`, (signal) => request<readonly CallStatus[]>('GET', `system/queue/dead?${query}`, { signal }), LETTERS_EVERY_MS);
  const last = useRef<readonly CallStatus[] | undefined>(undefined);
  if (value !== undefined) last.current = value;
  const letters = last.current;
  // What was on the last page is gone.
  useEffect(() => {
    if (value?.length === 0) setBefore((pages) => pages.slice(0, -1));
  }, [value]);
  const changed = () => {
    setShown(undefined);
    reload();
    onChange();
  };
  const page = letters?.slice(0, PAGE) ?? [];
  return (
    <section class="card stack">
      <div class="row">
        <h2 class="grow">
          Dead letters {total > 0 && <span class="quiet numbers">{total.toLocaleString('en-US')}</span>}
        </h2>
        {page.length > 0 && (
          <>
            <Button icon={RotateCw} onClick={() => setShown({ what: 'redrive-all' })}>
              Send all again
            </Button>
            <Button kind="danger" icon={Trash2} onClick={() => setShown({ what: 'purge-all' })}>
              Forget all
            </Button>
          </>
        )}
      </div>
      {error !== undefined && <Notice kind="error">The list cannot be read: {error}.</Notice>}
      {letters !== undefined && page.length === 0 && <p class="quiet">None. A call that fails again and again, or must not be tried again, is kept here with what was wrong.</p>}
      {page.length > 0 && <Letters letters={page} onOpen={(id) => setShown({ what: 'letter', id })} onChange={changed} />}
      {(before.length > 0 || (letters?.length ?? 0) > PAGE) && (
        <nav class="row" aria-label="Pages of dead letters">
          <Button icon={ChevronLeft} disabled={before.length === 0} onClick={() => setBefore(before.slice(0, -1))}>
            Older
          </Button>
          <span class="quiet numbers">Page {before.length + 1}</span>
          <Button icon={ChevronRight} disabled={(letters?.length ?? 0) <= PAGE} onClick={() => setBefore([...before, page.at(-1)!.id])}>
            Newer
          </Button>
        </nav>
      )}
      {shown?.what === 'letter' && <LetterDialog id={shown.id} onClose={() => setShown(undefined)} onChange={changed} />}
      {(shown?.what === 'redrive-all' || shown?.what === 'purge-all') && <AllDialog fn={fn} what={shown.what} total={total} onClose={() => setShown(undefined)} onChange={changed} />}
    </section>
  );
}

interface LettersProps {
  readonly letters: readonly CallStatus[];
  readonly onOpen: (id: string) => void;
  readonly onChange: () => void;
}

function Letters({ letters, onOpen, onChange }: LettersProps) {
  const nowMs = Date.now();
  return (
    <table class="queue-letters">
      <thead>
        <tr>
          <th scope="col">Call</th>
          <th scope="col">Failed</th>
          <th scope="col">Attempts</th>
          <th scope="col">Outcome</th>
          <th scope="col">
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {letters.map((letter) => (
          <tr key={letter.id}>
            <td class="queue-id">
              <button type="button" class="queue-open mono cut" title={letter.id} onClick={() => onOpen(letter.id)}>
                {letter.id}
              </button>
            </td>
            <td class="queue-when" title={letter.endedAt}>
              {letter.endedAt === undefined ? '–' : formatAgo(Date.parse(letter.endedAt), nowMs)}
            </td>
            <td class="queue-attempts numbers">
              {letter.attempts}
              <span class="queue-small"> {letter.attempts === 1 ? 'attempt' : 'attempts'}</span>
            </td>
            <td class="queue-why break">{outcomeInWords(letter)}</td>
            <td class="queue-actions">
              <Button kind="quiet" icon={RotateCw} aria-label={`Send ${letter.id} again`} title="Send again" onClick={() => act('redrive', letter.id, onChange)} />
              <Button kind="quiet" icon={Trash2} aria-label={`Forget ${letter.id}`} title="Forget" onClick={() => act('purge', letter.id, onChange)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface LetterDialogProps {
  readonly id: string;
  readonly onClose: () => void;
  readonly onChange: () => void;
}

function LetterDialog({ id, onClose, onChange }: LetterDialogProps) {
  const { value, error } = useResource(id, (signal) => request<DeadLetter>('GET', pathOf(id), { signal }));
  return (
    <Dialog title="Dead letter" onClose={onClose}>
      {error !== undefined && <Notice kind="error">It cannot be read: {error}.</Notice>}
      {value === undefined ? error === undefined && <p class="loading">Loading…</p> : <CallFacts call={value} />}
      <div class="dialog-foot">
        <Button kind="danger" icon={Trash2} onClick={() => act('purge', id, onChange)}>
          Forget
        </Button>
        <Button kind="primary" icon={RotateCw} onClick={() => act('redrive', id, onChange)}>
          Send again
        </Button>
      </div>
    </Dialog>
  );
}

interface AllDialogProps {
  readonly fn: FunctionSummary;
  readonly what: 'redrive-all' | 'purge-all';
  readonly total: number;
  readonly onClose: () => void;
  readonly onChange: () => void;
}

function AllDialog({ fn, what, total, onClose, onChange }: AllDialogProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const again = what === 'redrive-all';
  const send = async () => {
    setBusy(true);
    const query = new URLSearchParams({ function: fn.key });
    try {
      const { calls } = again ? await request<{ calls: number }>('POST', `system/queue/dead/redrive?${query}`) : await request<{ calls: number }>('DELETE', `system/queue/dead?${query}`);
      tellDone(`${calls.toLocaleString('en-US')} ${calls === 1 ? 'call is' : 'calls are'} ${again ? 'sent again' : 'forgotten'}.`);
      onChange();
    } catch (error) {
      setProblem(messageOf(error));
      setBusy(false);
    }
  };
  const letters = total === 1 ? 'the dead letter' : `all ${total.toLocaleString('en-US')} dead letters`;
  return (
    <Dialog title={again ? `Send ${letters} again?` : `Forget ${letters}?`} onClose={onClose}>
      <p>{again ? `They are queued for ${fn.name} as new calls, with all their attempts before them.` : `What they were, and what ${fn.name} answered, is gone then. This cannot be undone.`}</p>
      {problem !== undefined && <Notice kind="error">That did not work: {problem}.</Notice>}
      <div class="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind={again ? 'primary' : 'danger'} busy={busy} onClick={send}>
          {again ? 'Send again' : 'Forget'}
        </Button>
      </div>
    </Dialog>
  );
}

function pathOf(id: string): string {
  return `system/queue/dead/${encodeURIComponent(id)}`;
}

async function act(what: 'redrive' | 'purge', id: string, onChange: () => void): Promise<void> {
  try {
    await (what === 'redrive' ? request('POST', `${pathOf(id)}/redrive`) : request('DELETE', pathOf(id)));
    tellDone(what === 'redrive' ? 'The call is sent again.' : 'The call is forgotten.');
  } catch (error) {
    tellFailed(`That did not work: ${messageOf(error)}.`);
  }
  onChange();
}
