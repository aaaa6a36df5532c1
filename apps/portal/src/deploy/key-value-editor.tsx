import './key-value-editor.css';
import { entryField } from '@shoal/domain/functions/function-spec';
import { Plus } from 'lucide';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../ui/button';
import { parseEnvLines } from '../ui/env-lines';
import { entry, type Entry } from './entries';
import { KeyValueRow } from './key-value-row';
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
    const lines = parseEnvLines(event.clipboardData?.getData('text') ?? '');
    // A name alone is pasted as anywhere; so is anything into a line that has begun.
    if (!lines || name !== '') return;
    const pasted = lines.map((line) => entry(...line));
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
            const error = one.name === '' ? undefined : problems.get(entryField(field, one.name));
            return (
              <KeyValueRow
                key={one.id}
                what={`${what} ${index + 1}`}
                entry={one}
                error={error}
                invalid={error !== undefined || (one.name === '' && one.value !== '' && general !== undefined)}
                namesId={names.length > 0 ? listId : undefined}
                onChange={(part) => change(one.id, part)}
                onPaste={(event) => paste(event, one)}
                onEnter={() => add(one.id)}
                onRemove={() => remove(one.id)}
                onLeave={onLeave}
              />
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
