import { Trash2 } from 'lucide';
import { Button } from '../ui/button';
import type { Entry } from './entries';

export interface KeyValueRowProps {
  /** What the line is called: `variable 1`. */
  readonly what: string;
  readonly entry: Entry;
  readonly error: string | undefined;
  /** Whether it is wrong, with or without an error of its own. */
  readonly invalid: boolean;
  /** Id of the `datalist` with names that may be meant. */
  readonly namesId: string | undefined;
  readonly onChange: (part: Partial<Entry>) => void;
  /** Something is pasted into the name. */
  readonly onPaste: (event: ClipboardEvent) => void;
  readonly onEnter: () => void;
  readonly onRemove: () => void;
  readonly onLeave: (() => void) | undefined;
}

const MAX_ROWS = 6;

/** A name and its text, which may have several lines. */
export function KeyValueRow({ what, entry: { id, name, value }, error, invalid, namesId, onChange, onPaste, onEnter, onRemove, onLeave }: KeyValueRowProps) {
  const errorId = `entry-${id}-error`;
  const label = name || what;
  const enter = (event: KeyboardEvent) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    onEnter();
  };
  const common = { 'aria-invalid': invalid || undefined, 'aria-describedby': error && errorId, spellcheck: false, autocomplete: 'off', autocapitalize: 'none' } as const;
  const text = { ...common, 'aria-label': `Value of ${label}`, value };
  return (
    <li data-entry={id} onFocusOut={onLeave && ((event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && onLeave())}>
      <input {...common} class="mono" list={namesId} aria-label={`Name of ${what}`} placeholder="Name" value={name} onInput={({ currentTarget }) => onChange({ name: currentTarget.value })} onPaste={onPaste} onKeyDown={enter} />
      {value.includes('\n') ? (
        <textarea {...text} rows={Math.min(value.split('\n').length, MAX_ROWS)} onInput={({ currentTarget }) => onChange({ value: currentTarget.value })} />
      ) : (
        <input {...text} class="mono" placeholder="Value" onInput={({ currentTarget }) => onChange({ value: currentTarget.value })} onPaste={(event) => pasteLines(event, (pasted) => onChange({ value: pasted }))} onKeyDown={enter} />
      )}
      <Button kind="quiet" icon={Trash2} aria-label={`Remove ${label}`} title={`Remove ${label}`} onClick={onRemove} />
      {error && (
        <p class="field-error" id={errorId} role="alert">
          {error}
        </p>
      )}
    </li>
  );
}

/** An input would take the line breaks out of what is pasted into it. */
function pasteLines(event: ClipboardEvent, set: (text: string) => void): void {
  const text = event.clipboardData?.getData('text') ?? '';
  const input = event.currentTarget as HTMLInputElement;
  if (!text.trimEnd().includes('\n') || input.value !== '') return;
  event.preventDefault();
  set(text);
}
