import type { FunctionSummary } from '../live/summary';

export function LogsTab({ fn }: { readonly fn: FunctionSummary }) {
  return <p>{fn.key}</p>;
}
