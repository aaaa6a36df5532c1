/** A function as paths name it: `NAME.NAMESPACE` where a namespace is said. */
export function qualifiedName(name: string, namespace: string | undefined): string {
  return namespace === undefined || name.includes('.') ? name : `${name}.${namespace}`;
}

/** What to do when there is no such function. */
export const UNKNOWN_FUNCTION = { notFound: 'shoal list tells which functions there are' } as const;
