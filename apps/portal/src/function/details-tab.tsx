import type { FunctionSummary } from '../live/summary';

export function DetailsTab({ fn }: { readonly fn: FunctionSummary }) {
  return <p>{fn.key}</p>;
}
