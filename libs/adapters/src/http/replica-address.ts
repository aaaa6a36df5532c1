import type { Replica } from '@shoal/domain/functions/function-provider';

/** The watchdog's limit comes after ours, so that who answers is not left to chance. */
export const WATCHDOG_MARGIN_MS = 100;

/** Where a request to a replica goes: what of its address is the connection's, and the path behind which the rest stands. */
export function replicaAddress({ baseUrl }: Replica, rest: string): { readonly origin: string; readonly path: string } {
  const pathStart = baseUrl.indexOf('/', 'http://'.length);
  if (pathStart < 0) return { origin: baseUrl, path: rest };
  return { origin: baseUrl.slice(0, pathStart), path: baseUrl.slice(pathStart) + rest };
}
