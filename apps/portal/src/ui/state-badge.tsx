import './state-badge.css';
import type { Condition } from '@shoal/domain/functions/function-condition';
import { CircleAlert, CircleCheck, LoaderCircle, Moon, RefreshCw, type IconNode } from 'lucide';
import { Icon } from './icon';

const ICONS: Readonly<Record<Condition, IconNode>> = {
  ready: CircleCheck,
  starting: LoaderCircle,
  updating: RefreshCw,
  asleep: Moon,
  failing: CircleAlert,
};

/** The state of a function: a word, a colour and a form, so that no one of them is needed. */
export function StateBadge({ state }: { readonly state: Condition }) {
  return (
    <span class={`state-badge ${state}`}>
      <Icon of={ICONS[state]} size={15} />
      {state}
    </span>
  );
}
