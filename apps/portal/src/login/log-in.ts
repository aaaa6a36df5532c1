import { request } from '../api/client';
import { leaveUnasked, mayLeave } from '../route';
import { setSession } from '../session';

/** Rejects with `ApiError`: 401 when user or password is wrong, 429 after too many tries. */
export async function logIn(user: string, password: string): Promise<void> {
  const { token } = await request<{ token: string }>('POST', 'ui/session', { body: { user, password } });
  setSession(token);
}

/**
 * Ends the session, and leaves nothing of it to the next person: not in the tab's storage, which a function's page opened here
 * could read from now on, and not in memory. Asks first when something would be lost. Rejects with `ApiError`; then the session
 * goes on.
 */
export async function logOut(): Promise<void> {
  if (!mayLeave()) return;
  await request('DELETE', 'ui/session');
  leaveUnasked();
  setSession(undefined);
  sessionStorage.clear();
  // A call that the reload breaks off would be kept as a try.
  addEventListener('pagehide', () => sessionStorage.clear());
  location.reload();
}
