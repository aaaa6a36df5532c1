import type { FunctionStatus } from './api';
import { byId, make, setText } from './dom';
import { keyOf, numbersOf, stateOf } from './format';

interface Row {
  readonly item: HTMLLIElement;
  readonly link: HTMLAnchorElement;
  readonly state: HTMLElement;
  readonly numbers: HTMLElement;
}

const list = byId('function-list', HTMLUListElement);
const count = byId('function-count', HTMLElement);
const noMatch = byId('no-match', HTMLElement);
const rows = new Map<string, Row>();

/** Brings the list up to date in place: rows keep their focus, and only what changed is written. */
export function showList(functions: readonly FunctionStatus[], filter: string, selected: string): void {
  const wanted = filter.trim().toLowerCase();
  const shown = functions.filter((fn) => keyOf(fn).toLowerCase().includes(wanted));
  const manyNamespaces = new Set(functions.map((fn) => fn.namespace)).size > 1;
  const keys = new Set(shown.map(keyOf));
  for (const [key, row] of rows) {
    if (keys.has(key)) continue;
    row.item.remove();
    rows.delete(key);
  }
  for (const [index, fn] of shown.entries()) {
    const row = rowOf(fn);
    const { text, className } = stateOf(fn);
    setText(row.state, text);
    row.state.className = className;
    setText(row.numbers, (manyNamespaces ? `${fn.namespace ?? ''} · ` : '') + numbersOf(fn));
    if (keyOf(fn) === selected) row.link.setAttribute('aria-current', 'true');
    else row.link.removeAttribute('aria-current');
    if (list.children[index] !== row.item) list.insertBefore(row.item, list.children[index] ?? null);
  }
  setText(count, functions.length === shown.length ? String(functions.length) : `${shown.length} of ${functions.length}`);
  noMatch.hidden = functions.length === 0 || shown.length > 0;
  setText(noMatch, `No function matches “${filter.trim()}”.`);
}

export function focusRow(key: string): void {
  rows.get(key)?.link.focus();
}

function rowOf(fn: FunctionStatus): Row {
  const key = keyOf(fn);
  const known = rows.get(key);
  if (known) return known;
  const row: Row = { item: make('li'), link: make('a'), state: make('span'), numbers: make('span', 'quiet') };
  row.link.href = `#/${encodeURIComponent(key)}`;
  row.link.append(make('strong', '', fn.name), row.state, row.numbers);
  row.item.append(row.link);
  rows.set(key, row);
  return row;
}
