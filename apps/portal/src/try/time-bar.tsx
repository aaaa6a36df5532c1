import './time-bar.css';
import { formatMs } from '../ui/numbers';
import type { TimePart } from './server-timing';

const MEANING: Readonly<Record<TimePart['name'], string>> = {
  queue: 'waited for a free replica',
  wake: 'waited for the function to wake up',
  exec: 'the function worked',
  gateway: 'the gateway itself',
  network: 'on the way, and reading the answer',
};

/** Where the time of a call went. */
export function TimeBar({ parts }: { readonly parts: readonly TimePart[] }) {
  return (
    <div class="time-bar">
      <div class="time-bar-line" aria-hidden="true">
        {parts.map(({ name, ms }) => ms > 0 && <span key={name} class={`time-part ${name}`} style={{ flexGrow: ms }} />)}
      </div>
      <ul class="time-bar-legend">
        {parts.map(({ name, ms }) => (
          <li key={name} title={MEANING[name]}>
            <span class={`time-part ${name}`} /> {name} <span class="numbers">{formatMs(ms)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
