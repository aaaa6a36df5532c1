import './history-card.css';
import { Trash2 } from 'lucide';
import { Button } from '../ui/button';
import { formatMs } from '../ui/numbers';
import type { Trial } from './trial';

/** The calls before, to make them again. */
export function HistoryCard({ trial }: { readonly trial: Trial }) {
  const tries = trial.tries.value;
  if (tries.length === 0) return null;
  return (
    <section class="card stack tight" aria-label="Tries before">
      <div class="row">
        <h2 class="grow">Tries</h2>
        <Button kind="quiet" icon={Trash2} onClick={() => trial.forgetTries()}>
          Clear
        </Button>
      </div>
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
