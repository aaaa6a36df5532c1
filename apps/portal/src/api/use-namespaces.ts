import { useResource } from '../ui/use-resource';
import { request } from './client';

/** As every gateway names it that is not told otherwise. */
const USUAL_DEFAULT = 'openfaas-fn';

export interface Namespaces {
  /** Sorted; empty until they are known. */
  readonly names: readonly string[];
  /** The one to begin with. */
  readonly standard: string | undefined;
  readonly error: string | undefined;
}

/** The namespaces that may hold functions. */
export function useNamespaces(): Namespaces {
  const { value: names = [], error } = useResource('namespaces', (signal) => request<readonly string[]>('GET', 'system/namespaces', { signal }));
  return { names, standard: names.find((name) => name === USUAL_DEFAULT) ?? names[0], error };
}
