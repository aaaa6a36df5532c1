import { ChevronLeft, ChevronRight, RotateCw, Trash2 } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CallStatus } from '../api/call-status';
import { request } from '../api/client';
import type { FunctionSummary } from '../live/summary';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import { useResource } from '../ui/use-resource';
import { AllLettersDialog } from './all-letters-dialog';
import type { LetterAction } from './letter-actions';
import { LetterDialog } from './letter-dialog';
import { LettersTable } from './letters-table';
import { useRowFocus } from './use-row-focus';

const PAGE = 20;
const LETTERS_EVERY_MS = 5_000;

export interface DeadLettersProps {
  readonly fn: FunctionSummary;
  /** How many there are, as far as is known. */
  readonly total: number;
  /** Some have been sent again, or forgotten. */
  readonly onChange: () => void;
}

type Shown = { readonly letter: string } | { readonly all: LetterAction };

/** Asynchronous calls that failed for good: what they were, and what to do with them. */
export function DeadLetters({ fn, total, onChange }: DeadLettersProps) {
  /** The last ids of the pages before. */
  const [before, setBefore] = useState<readonly string[]>([]);
  const [shown, setShown] = useState<Shown>();
  const section = useRef<HTMLElement>(null);
  useRowFocus(section);
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
    reload();
    onChange();
  };
  // A dialog that was left while it was busy closes no other.
  const close = () => setShown((now) => (now === shown ? undefined : now));
  const done = () => {
    close();
    changed();
  };
  const page = letters?.slice(0, PAGE) ?? [];
  // While the next page comes, the one before is still shown: what follows on that is no other page.
  const goOn = () => value && setBefore([...before, page.at(-1)!.id]);
  return (
    <section class="card stack" ref={section}>
      <div class="row">
        <h2 class="grow" tabIndex={-1}>
          Dead letters {total > 0 && <span class="quiet numbers">{total.toLocaleString('en-US')}</span>}
        </h2>
        {page.length > 0 && (
          <>
            <Button icon={RotateCw} onClick={() => setShown({ all: 'redrive' })}>
              Send all again
            </Button>
            <Button kind="danger" icon={Trash2} onClick={() => setShown({ all: 'purge' })}>
              Forget all
            </Button>
          </>
        )}
      </div>
      {error !== undefined && <Notice kind="error">The list cannot be read: {error}.</Notice>}
      {letters !== undefined && page.length === 0 && <p class="quiet">None. A call that fails again and again, or must not be tried again, is kept here with what was wrong.</p>}
      {page.length > 0 && <LettersTable letters={page} onOpen={(letter) => setShown({ letter })} onChange={changed} />}
      {(before.length > 0 || (letters?.length ?? 0) > PAGE) && (
        <nav class="row" aria-label="Pages of dead letters">
          <Button icon={ChevronLeft} disabled={before.length === 0} onClick={() => setBefore(before.slice(0, -1))}>
            Older
          </Button>
          <span class="quiet numbers">Page {before.length + 1}</span>
          <Button icon={ChevronRight} disabled={(letters?.length ?? 0) <= PAGE} onClick={goOn}>
            Newer
          </Button>
        </nav>
      )}
      {shown && 'letter' in shown && <LetterDialog id={shown.letter} onClose={close} onDone={done} />}
      {shown && 'all' in shown && <AllLettersDialog fn={fn} what={shown.all} total={total} onClose={close} onDone={done} />}
    </section>
  );
}
