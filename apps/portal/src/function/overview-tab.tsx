import type { FunctionSummary } from '../live/summary';

export function OverviewTab({ fn }: { readonly fn: FunctionSummary }) {
  return <p>{fn.key}</p>;
}
