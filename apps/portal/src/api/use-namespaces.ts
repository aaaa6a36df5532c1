import { disconnected, platform } from '../live/live';
import { useResource } from '../ui/use-resource';
import { request } from './client';

export interface Namespaces {
  /** Sorted; empty until they are known. */
  readonly names: readonly string[];
  /** The one to begin with: the gateway's default, and any while it cannot tell that. */
  readonly standard: string | undefined;
  readonly error: string | undefined;
}

/** The namespaces that may hold functions. */
export function useNamespaces(): Namespaces {
  const { value: names = [], error } = useResource('namespaces', (signal) => request<readonly string[]>('GET', 'system/namespaces', { signal }));
  const isTold = platform.value !== undefined || disconnected.value !== undefined;
  return { names, standard: isTold ? (names.find((name) => name === platform.value?.namespace) ?? names[0]) : undefined, error };
}
