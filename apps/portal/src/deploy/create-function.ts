import { request } from '../api/client';
import { findFunction } from '../api/find-function';
import type { Deployment } from './deployment';

/**
 * Deploys a function that is new. The API would replace one of the same name, and the list may not be there or be old, so it is
 * asked first. Rejects with `ApiError`.
 *
 * @returns `taken` when there is one of that name; then nothing was sent.
 */
export async function createFunction(deployment: Deployment): Promise<'accepted' | 'taken'> {
  if (await findFunction({ name: deployment.service, namespace: deployment.namespace })) return 'taken';
  await request('POST', 'system/functions', { body: deployment });
  return 'accepted';
}

/** What is wrong with the name then. */
export function takenText(namespace: string): string {
  return `There is a function of this name in ${namespace} already.`;
}
