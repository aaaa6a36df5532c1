import type { FunctionSummary } from '../live/summary';

export function QueueTab({ fn }: { readonly fn: FunctionSummary }) {
  return <p>{fn.key}</p>;
}
