import './function-table.css';
import { ArrowDown, ArrowUp } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import { serverNowMs } from '../api/server-clock';
import type { FunctionSummary } from '../live/summary';
import { functionHref } from '../route';
import { Icon } from '../ui/icon';
import { formatAgo, formatCount, formatMs, formatShare } from '../ui/numbers';
import { StateBadge } from '../ui/state-badge';
import { noun } from '../ui/words';
import { useWindow } from './use-window';
import type { Column, View } from './visible-functions';

export const HEADS: readonly { readonly column: Column; readonly text: string; readonly descendingFirst: boolean }[] = [
  { column: 'name', text: 'Function', descendingFirst: false },
  { column: 'state', text: 'State', descendingFirst: false },
  { column: 'replicas', text: 'Replicas', descendingFirst: true },
  { column: 'calls', text: 'Calls/s', descendingFirst: true },
  { column: 'errors', text: 'Errors', descendingFirst: true },
  { column: 'p95', text: 'p95', descendingFirst: true },
  { column: 'last', text: 'Last call', descendingFirst: true },
];

/** A failed call in a hundred is worth a colour. */
const MANY_ERRORS = 0.01;

export interface FunctionTableProps {
  readonly functions: readonly FunctionSummary[];
  readonly view: View;
  readonly onSort: (column: Column, descending: boolean) => void;
}

/** The list, of which only the rows near what is seen are drawn. All rows are equally high. */
export function FunctionTable({ functions, view, onSort }: FunctionTableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const rowHeight = useRowHeight(body);
  const { from, to } = useWindow(body, rowHeight, functions.length);
  const gap = (rows: number) => rows > 0 && <tr class="gap" aria-hidden="true" style={{ height: `${rows * (rowHeight ?? 0)}px` }} />;
  const nowMs = serverNowMs();
  return (
    <table class="function-table card" aria-rowcount={functions.length + 1}>
      <thead>
        <tr>
          {HEADS.map(({ column, text, descendingFirst }) => {
            const sorted = view.sort === column;
            return (
              <th key={column} class={column} scope="col" aria-sort={sorted ? (view.descending ? 'descending' : 'ascending') : undefined}>
                <button type="button" onClick={() => onSort(column, sorted ? !view.descending : descendingFirst)}>
                  {text}
                  {sorted && <Icon of={view.descending ? ArrowDown : ArrowUp} size={14} />}
                </button>
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody ref={body}>
        {gap(from)}
        {functions.slice(from, to).map((fn, index) => (
          <FunctionRow key={fn.key} fn={fn} index={from + index} nowMs={nowMs} />
        ))}
        {gap(functions.length - to)}
      </tbody>
    </table>
  );
}

function FunctionRow({ fn, index, nowMs }: { readonly fn: FunctionSummary; readonly index: number; readonly nowMs: number }) {
  const { name, namespace, image, state, because, errorRate, p95Ms, lastCallAt } = fn;
  const failing = state === 'failing';
  return (
    <tr class="function-row" aria-rowindex={index + 2}>
      <th class="name" scope="row">
        <a class="cut" href={functionHref(fn.key)} title={`${name} in ${namespace}`}>
          {name}
        </a>
        <span class={`cut under ${failing ? 'why' : 'quiet'}`} title={failing ? because : image}>
          {failing && because !== undefined ? because : `${namespace} · ${image}`}
        </span>
      </th>
      <td class="state">
        <StateBadge state={state} />
      </td>
      <td class="replicas" data-label={noun(fn.replicas, 'replica')}>
        {fn.availableReplicas === fn.replicas ? fn.replicas : `${fn.availableReplicas} of ${fn.replicas}`}
      </td>
      <td class="calls" data-label="calls/s">
        {formatCount(fn.callsPerSecond)}
      </td>
      <td class={`errors ${errorRate === undefined ? 'none' : errorRate >= MANY_ERRORS ? 'many' : ''}`} data-label="errors">
        {errorRate === undefined ? '–' : formatShare(errorRate)}
      </td>
      <td class={`p95 ${p95Ms === undefined ? 'none' : ''}`} data-label="p95">
        {p95Ms === undefined ? '–' : formatMs(p95Ms)}
      </td>
      <td class="last">
        {lastCallAt === undefined ? <span class="quiet">never</span> : formatAgo(Date.parse(lastCallAt), nowMs)}
      </td>
    </tr>
  );
}

/** Known from the last time, so that who comes back finds the list as long as it was. */
let lastHeight: number | undefined;

/** In pixels, as the style has it, which depends on the width of the page; `undefined` before something is drawn. */
function useRowHeight(body: { readonly current: HTMLElement | null }): number | undefined {
  const [height, setHeight] = useState(lastHeight);
  useEffect(() => {
    const measure = () => setHeight((lastHeight = body.current?.querySelector('.function-row')?.getBoundingClientRect().height));
    measure();
    addEventListener('resize', measure);
    return () => removeEventListener('resize', measure);
  }, []);
  return height;
}
