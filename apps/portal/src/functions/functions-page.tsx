import './functions-page.css';
import { signal } from '@preact/signals';
import { Plus, Search, Store } from 'lucide';
import { useLayoutEffect } from 'preact/hooks';
import { functions } from '../live/live';
import type { FunctionSummary } from '../live/summary';
import { Button, LinkButton } from '../ui/button';
import { Empty } from '../ui/empty';
import { Icon } from '../ui/icon';
import { FunctionTable, HEADS } from './function-table';
import { STATE_ORDER, visibleFunctions, type Column, type View } from './visible-functions';

const ALL: View = { search: '', namespace: '', state: '', sort: 'name', descending: false };

/** Outlives the page, so that who comes back from a function finds the list as it was. */
const view = signal<View>(ALL);

function change(part: Partial<View>): void {
  view.value = { ...view.value, ...part };
}

function sortedBy(sort: Column): Partial<View> {
  return { sort, descending: HEADS.some(({ column, descendingFirst }) => column === sort && descendingFirst) };
}

/** Where the list was left. */
let leftAtPx = 0;

/** All functions, live. */
export function FunctionsPage() {
  useLayoutEffect(() => {
    scrollTo(0, leftAtPx);
    return () => (leftAtPx = scrollY);
  }, []);
  const all = functions.value;
  return (
    <>
      <div class="page-head">
        <h1 class="grow">
          Functions {all && all.size > 0 && <span class="quiet numbers count">{all.size.toLocaleString('en-US')}</span>}
        </h1>
        <LinkButton href="#/store" icon={Store}>
          From the store
        </LinkButton>
        <LinkButton href="#/new" kind="primary" icon={Plus}>
          New function
        </LinkButton>
      </div>
      {all === undefined ? <Loading /> : all.size === 0 ? <NoFunctions /> : <Listed all={[...all.values()]} />}
    </>
  );
}

function Listed({ all }: { readonly all: readonly FunctionSummary[] }) {
  const shown = visibleFunctions(all, view.value);
  return (
    <>
      <Filters all={all} />
      <p class="unseen" role="status">{`${shown.length} of ${all.length} functions`}</p>
      {shown.length > 0 ? (
        <FunctionTable functions={shown} view={view.value} onSort={(sort, descending) => change({ sort, descending })} />
      ) : (
        <Empty title="No function matches">
          <Button onClick={() => change({ search: '', namespace: '', state: '' })}>Show all functions</Button>
        </Empty>
      )}
    </>
  );
}

function Filters({ all }: { readonly all: readonly FunctionSummary[] }) {
  const namespaces = [...new Set(all.map(({ namespace }) => namespace))].sort();
  const { search, namespace, state, sort } = view.value;
  return (
    <div class="filters">
      <div class="search">
        <Icon of={Search} />
        <input type="search" aria-label="Search functions" placeholder="Search by name or image" value={search} spellcheck={false} onInput={({ currentTarget }) => change({ search: currentTarget.value })} />
      </div>
      {(namespaces.length > 1 || namespace !== '') && (
        <select aria-label="Namespace" value={namespace} onChange={({ currentTarget }) => change({ namespace: currentTarget.value })}>
          <option value="">All namespaces</option>
          {namespaces.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
      <select class="sort" aria-label="Sort by" value={sort} onChange={({ currentTarget }) => change(sortedBy(currentTarget.value as Column))}>
        {HEADS.map(({ column, text }) => (
          <option key={column} value={column}>
            {text}
          </option>
        ))}
      </select>
      <div class="row states" role="group" aria-label="Only functions that are">
        {STATE_ORDER.map((name) => {
          const count = all.filter((fn) => fn.state === name).length;
          if (count === 0 && state !== name) return undefined;
          return (
            <button key={name} type="button" class={`state-filter ${name}`} aria-pressed={state === name} onClick={() => change({ state: state === name ? '' : name })}>
              {name} <span class="numbers">{count.toLocaleString('en-US')}</span>
            </button>
          );
        })}
      </div>
    </div>
  );
}

function Loading() {
  return (
    <div class="card skeletons" role="status" aria-label="Loading the functions">
      {[80, 60, 70, 50].map((width) => (
        <span key={width} class="skeleton" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

function NoFunctions() {
  return (
    <div class="card">
      <Empty title="No functions yet">
        <p>Deploy one from the store with two clicks, describe your own, or let the command line make it:</p>
        <pre class="first-commands">
          <code>{'shoal new hello --lang node\nshoal up'}</code>
        </pre>
        <div class="row">
          <LinkButton href="#/store" kind="primary" icon={Store}>
            From the store
          </LinkButton>
          <LinkButton href="#/new" icon={Plus}>
            New function
          </LinkButton>
        </div>
        <p>It appears here by itself.</p>
      </Empty>
    </div>
  );
}
