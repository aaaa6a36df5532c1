import { request } from '../api/client';
import { setSession } from '../session';

/** Rejects with `ApiError`: 401 when user or password is wrong, 429 after too many tries. */
export async function logIn(user: string, password: string): Promise<void> {
  const { token } = await request<{ token: string }>('POST', 'ui/session', { body: { user, password } });
  setSession(token);
}

/** Rejects with `ApiError`; then the session goes on. */
export async function logOut(): Promise<void> {
  await request('DELETE', 'ui/session');
  setSession(undefined);
}
