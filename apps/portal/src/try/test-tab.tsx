import './test-tab.css';
import { HistoryCard } from './history-card';
import { OutcomeCard } from './outcome-card';
import { RequestForm } from './request-form';
import { trialOf } from './trial';

/** Calls the function as anybody could, and shows all that came back. */
export function TestTab({ functionKey }: { readonly functionKey: string }) {
  const trial = trialOf(functionKey);
  return (
    <div class="try">
      <RequestForm trial={trial} />
      <OutcomeCard trial={trial} />
      <HistoryCard trial={trial} />
    </div>
  );
}
