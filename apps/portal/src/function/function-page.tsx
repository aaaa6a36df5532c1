import type { FunctionTab } from '../route';

export function FunctionPage({ functionKey, tab }: { readonly functionKey: string; readonly tab: FunctionTab }) {
  return (
    <h1>
      {functionKey} {tab}
    </h1>
  );
}
