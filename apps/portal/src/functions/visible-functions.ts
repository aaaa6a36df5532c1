import type { Condition } from '@shoal/domain/functions/function-condition';
import type { FunctionSummary } from '../live/summary';

export type Column = 'name' | 'state' | 'replicas' | 'calls' | 'errors' | 'p95' | 'last';

/** What of all functions is shown, and in which order. */
export interface View {
  /** Part of a name or an image; case does not matter. */
  readonly search: string;
  /** Empty: all. */
  readonly namespace: string;
  /** Empty: all. */
  readonly state: Condition | '';
  readonly sort: Column;
  readonly descending: boolean;
}

/** What needs a look comes first. */
export const STATE_ORDER: readonly Condition[] = ['failing', 'starting', 'updating', 'ready', 'asleep'];

const VALUE_OF: Readonly<Record<Exclude<Column, 'name'>, (fn: FunctionSummary) => number>> = {
  state: ({ state }) => STATE_ORDER.indexOf(state),
  replicas: ({ availableReplicas }) => availableReplicas,
  calls: ({ callsPerSecond }) => callsPerSecond,
  errors: ({ errorRate = -1 }) => errorRate,
  p95: ({ p95Ms = -1 }) => p95Ms,
  last: ({ lastCallAt }) => (lastCallAt === undefined ? 0 : Date.parse(lastCallAt)),
};

/** The functions of a view, sorted; equals by name, so that rows do not jump about. */
export function visibleFunctions(all: Iterable<FunctionSummary>, { search, namespace, state, sort, descending }: View): FunctionSummary[] {
  const wanted = search.trim().toLowerCase();
  const shown = [...all].filter(
    (fn) =>
      (namespace === '' || fn.namespace === namespace) &&
      (state === '' || fn.state === state) &&
      (wanted === '' || fn.key.includes(wanted) || fn.image.toLowerCase().includes(wanted)),
  );
  const sign = descending ? -1 : 1;
  if (sort === 'name') return shown.sort((a, b) => sign * byName(a, b));
  const valueOf = VALUE_OF[sort];
  return shown.sort((a, b) => sign * (valueOf(a) - valueOf(b)) || byName(a, b));
}

function byName(a: FunctionSummary, b: FunctionSummary): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
