import './pair-rows.css';
import { X } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../ui/button';
import type { Pair } from './call-url';

export interface PairRowsProps {
  readonly title: string;
  /** What one row is, for screen readers: `Header`. */
  readonly one: string;
  readonly rows: readonly Pair[];
  /** Row `index` is to be this, or to go. The one behind the last is new. */
  readonly onRow: (index: number, row: Pair | undefined) => void;
  /** What is to know about a row, and whether that keeps it from being sent. */
  readonly noteOf?: (row: Pair) => { readonly text: string; readonly isError: boolean } | undefined;
  readonly children?: ComponentChildren;
}

/** Names with values; there is always an empty row to go on with. */
export function PairRows({ title, one, rows, onRow, noteOf, children }: PairRowsProps) {
  const count = rows.filter(({ name, value }) => name !== '' || value !== '').length;
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (count > 0) setOpen(true);
  }, [count > 0]);
  const last = rows.at(-1);
  const shown = last && last.name === '' && last.value === '' ? rows : [...rows, { name: '', value: '' }];
  return (
    <details class="pairs" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        {title} {count > 0 && <span class="pairs-count">{count}</span>}
      </summary>
      <div class="stack tight">
        {shown.map((row, index) => (
          <PairRow key={index} row={row} label={`${one} ${index + 1}`} isLast={index === rows.length} note={noteOf?.(row)} onChange={(next) => onRow(index, next)} />
        ))}
        {children}
      </div>
    </details>
  );
}

interface PairRowProps {
  readonly row: Pair;
  readonly label: string;
  readonly isLast: boolean;
  readonly note: { readonly text: string; readonly isError: boolean } | undefined;
  readonly onChange: (row: Pair | undefined) => void;
}

function PairRow({ row, label, isLast, note, onChange }: PairRowProps) {
  const attributes = { autocomplete: 'off', autocapitalize: 'none', spellcheck: false, class: 'mono', 'aria-invalid': note?.isError ? true : undefined } as const;
  return (
    <div class="pair">
      <input {...attributes} aria-label={`${label}: name`} placeholder="name" value={row.name} onInput={({ currentTarget }) => onChange({ ...row, name: currentTarget.value })} />
      <input {...attributes} aria-label={`${label}: value`} placeholder="value" value={row.value} onInput={({ currentTarget }) => onChange({ ...row, value: currentTarget.value })} />
      <Button kind="quiet" icon={X} aria-label={`Remove ${label.toLowerCase()}`} disabled={isLast} onClick={() => onChange(undefined)} />
      {note && (
        <p class={`pair-note ${note.isError ? 'field-error' : 'field-hint'}`} role="status">
          {note.text}
        </p>
      )}
    </div>
  );
}
