import { request } from '../api/client';
import { tellDone } from '../ui/toasts';

/** Sends a dead letter again, or forgets it. */
export type LetterAction = 'redrive' | 'purge';

/** Where the API has a dead letter. */
export function letterPath(id: string): string {
  return `system/queue/dead/${encodeURIComponent(id)}`;
}

/** Does it and tells so. Rejects with `ApiError`. */
export async function actOnLetter(what: LetterAction, id: string): Promise<void> {
  await (what === 'redrive' ? request('POST', `${letterPath(id)}/redrive`) : request('DELETE', letterPath(id)));
  tellDone(what === 'redrive' ? 'The call is sent again.' : 'The call is forgotten.');
}
