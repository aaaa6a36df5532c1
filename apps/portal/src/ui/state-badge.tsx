import './state-badge.css';
import { CircleAlert, CircleCheck, LoaderCircle, Moon, RefreshCw, type IconNode } from 'lucide';
import type { FunctionStateName } from '../live/summary';
import { Icon } from './icon';

const ICONS: Readonly<Record<FunctionStateName, IconNode>> = {
  ready: CircleCheck,
  starting: LoaderCircle,
  updating: RefreshCw,
  asleep: Moon,
  failing: CircleAlert,
};

/** The state of a function: a word, a colour and a form, so that no one of them is needed. */
export function StateBadge({ state }: { readonly state: FunctionStateName }) {
  return (
    <span class={`state-badge ${state}`}>
      <Icon of={ICONS[state]} size={15} />
      {state}
    </span>
  );
}
