import { ApiQuery } from '@nestjs/swagger';
import { parseName, type FunctionId } from '@shoal/domain/functions/function-spec';
import { parseFunctionName } from '@shoal/domain/invocation/route';
import { ShoalError } from '@shoal/domain/shared/errors';

/** A query parameter as the router has it: several values when it is given several times. */
export type QueryValue = string | readonly string[] | undefined;

/** Describes the query parameter of all that takes a namespace. */
export const NamespaceQuery = () => ApiQuery({ name: 'namespace', required: false, description: 'The default namespace when left out.' });

/** A query parameter's value; of one that is given several times the last. */
export function lastOf(value: QueryValue): string | undefined {
  return Array.isArray(value) ? (value as readonly string[]).at(-1) : (value as string | undefined);
}

/**
 * The namespace of a request: clients say it in the body, in the query, in both or not at all.
 * Rejects with `invalid-request` when it is no name, or when the two contradict each other.
 */
export function namespaceOf(
  inBody: string | null | undefined,
  inQuery: QueryValue,
  fallback: string,
): string {
  const query = lastOf(inQuery);
  if (inBody && query && inBody !== query) {
    throw new ShoalError('invalid-request', 'namespace is one thing in the body and another in the query');
  }
  return parseName(inBody || query || fallback, 'namespace');
}

/**
 * The function that a request names; a name may bring its namespace with it, as in a function's URL. Rejects with
 * `function-not-found` what no function can be called.
 */
export function functionIdOf(name: string, namespace: string): FunctionId {
  const id = parseFunctionName(name, namespace);
  if (!id) throw new ShoalError('function-not-found', 'there is no function of that name: names have a-z, 0-9 and - only');
  return id;
}
