import './history-card.css';
import { Trash2 } from 'lucide';
import { useRef, useState } from 'preact/hooks';
import { Button } from '../ui/button';
import { formatMs } from '../ui/numbers';
import type { Trial } from './trial';

/** The calls before, to make them again. */
export function HistoryCard({ trial }: { readonly trial: Trial }) {
  const tries = trial.tries.value;
  const heading = useRef<HTMLHeadingElement>(null);
  const [wasCleared, setCleared] = useState(false);
  if (tries.length === 0 && !wasCleared) return null;
  const clear = () => {
    trial.forgetTries();
    setCleared(true);
    // The button goes, and the focus must not go with it.
    heading.current!.focus();
  };
  return (
    <section class="card stack tight" aria-label="Tries before">
      <div class="row">
        <h2 class="grow" ref={heading} tabIndex={-1}>
          Tries
        </h2>
        {tries.length > 0 && (
          <Button kind="quiet" icon={Trash2} onClick={clear}>
            Clear
          </Button>
        )}
      </div>
      {tries.length === 0 && <p class="quiet">None is kept.</p>}
      <ol class="tries">
        {tries.map((one) => (
          <li key={one.atMs}>
            <button type="button" onClick={() => trial.fill(one)} title="Fill in the form again">
              <span class={`try-result ${colourOf(one.outcome)}`}>{one.outcome}</span>
              <span class="mono cut grow">
                {one.draft.method} {one.draft.path}
              </span>
              {one.draft.mode === 'async' && <span class="quiet">queued</span>}
              <span class="quiet numbers">{one.elapsedMs === undefined ? '' : formatMs(one.elapsedMs)}</span>
              <time class="quiet numbers" dateTime={new Date(one.atMs).toISOString()}>
                {new Date(one.atMs).toLocaleTimeString('en-GB')}
              </time>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

function colourOf(outcome: string): string {
  if (/^2|^succeeded$/.test(outcome)) return 'good';
  return /^[34]|^redirect$|^cancelled$/.test(outcome) ? 'wait' : 'bad';
}
