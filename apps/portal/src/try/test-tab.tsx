export function TestTab({ functionKey }: { readonly functionKey: string }) {
  return <p>{functionKey}</p>;
}
