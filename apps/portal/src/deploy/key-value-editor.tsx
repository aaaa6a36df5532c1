import './key-value-editor.css';
import { entryField } from '@shoal/domain/functions/function-spec';
import { Plus, Trash2 } from 'lucide';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../ui/button';
import { entry, parsePasted, type Entry } from './entries';
import type { Problems } from './problems';

export interface KeyValueEditorProps {
  /** What one line is called: `variable`. */
  readonly what: string;
  /** Path of the map in `problems`. */
  readonly field: string;
  readonly entries: readonly Entry[];
  /** What becomes of the entries as they are then; who types quickly is ahead of what is drawn. */
  readonly onChange: (update: (entries: readonly Entry[]) => readonly Entry[]) => void;
  readonly problems: Problems;
  /** Names that may be meant. */
  readonly names?: readonly string[];
  /** A line has been left. */
  readonly onLeave?: () => void;
}

/** Names and texts, a line each. Lines of `NAME=text` can be pasted into a name. */
export function KeyValueEditor({ what, field, entries, onChange, problems, names = [], onLeave }: KeyValueEditorProps) {
  const listId = useId();
  const box = useRef<HTMLDivElement>(null);
  const [focusOn, setFocusOn] = useState<number>();
  // At once, so that what is typed next arrives there.
  useLayoutEffect(() => {
    if (focusOn === undefined) return;
    box.current?.querySelector<HTMLElement>(`[data-entry="${focusOn}"] input`)?.focus();
    setFocusOn(undefined);
  }, [focusOn]);

  const add = (behind?: number) => {
    const added = entry();
    onChange((before) => before.toSpliced(behind === undefined ? before.length : before.findIndex(({ id }) => id === behind) + 1, 0, added));
    setFocusOn(added.id);
  };
  const change = (id: number, part: Partial<Entry>) => onChange((before) => before.map((one) => (one.id === id ? { ...one, ...part } : one)));
  const remove = (id: number) => {
    onChange((before) => before.filter((one) => one.id !== id));
    const index = entries.findIndex((one) => one.id === id);
    const next = entries[index + 1] ?? entries[index - 1];
    if (next) setFocusOn(next.id);
    else box.current?.querySelector<HTMLElement>('[data-add]')?.focus();
  };
  const paste = (event: ClipboardEvent, { id, name }: Entry) => {
    const pasted = parsePasted(event.clipboardData?.getData('text') ?? '');
    // A name alone is pasted as anywhere; so is anything into a line that has begun.
    if (!pasted || name !== '') return;
    event.preventDefault();
    onChange((before) => before.flatMap((one) => (one.id === id ? pasted : [one])));
    setFocusOn(pasted.at(-1)!.id);
  };

  const general = problems.get(field);
  return (
    <div class="stack tight" ref={box}>
      {entries.length > 0 && (
        <ul class="key-values">
          {entries.map((one, index) => {
            const { id, name, value } = one;
            const error = name === '' ? undefined : problems.get(entryField(field, name));
            const label = name === '' ? `${what} ${index + 1}` : name;
            const invalid = error !== undefined || (name === '' && value !== '' && general !== undefined) ? true : undefined;
            const enter = (event: KeyboardEvent) => {
              if (event.key !== 'Enter') return;
              event.preventDefault();
              add(id);
            };
            const common = { 'aria-invalid': invalid, 'aria-describedby': error && `${listId}-${id}`, spellcheck: false, autocomplete: 'off', autocapitalize: 'none' } as const;
            return (
              <li key={id} data-entry={id} onFocusOut={onLeave && ((event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && onLeave())}>
                <input {...common} class="mono" list={names.length > 0 ? listId : undefined} aria-label={`Name of ${what} ${index + 1}`} placeholder="Name" value={name} onInput={({ currentTarget }) => change(id, { name: currentTarget.value })} onPaste={(event) => paste(event, one)} onKeyDown={enter} />
                {value.includes('\n') ? (
                  <textarea {...common} aria-label={`Value of ${label}`} rows={Math.min(value.split('\n').length, 6)} value={value} onInput={({ currentTarget }) => change(id, { value: currentTarget.value })} />
                ) : (
                  <input {...common} class="mono" aria-label={`Value of ${label}`} placeholder="Value" value={value} onInput={({ currentTarget }) => change(id, { value: currentTarget.value })} onPaste={(event) => pasteLines(event, (text) => change(id, { value: text }))} onKeyDown={enter} />
                )}
                <Button kind="quiet" icon={Trash2} aria-label={`Remove ${label}`} title={`Remove ${label}`} onClick={() => remove(id)} />
                {error && (
                  <p class="field-error" id={`${listId}-${id}`} role="alert">
                    {error}
                  </p>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {general && (
        <p class="field-error" role="alert">
          {general}
        </p>
      )}
      <div class="row">
        <Button icon={Plus} data-add onClick={() => add()}>
          Add {what}
        </Button>
        {entries.length === 0 && <span class="field-hint">Lines such as NAME=text can be pasted into a name.</span>}
      </div>
      {names.length > 0 && (
        <datalist id={listId}>
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      )}
    </div>
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
