export interface DeployPageProps {
  /** Key of the function that is changed. */
  readonly edits?: string;
  /** Name of a store entry to begin with. */
  readonly fromStore?: string | undefined;
}

export function DeployPage({ edits }: DeployPageProps) {
  return <h1>{edits ?? 'New function'}</h1>;
}
