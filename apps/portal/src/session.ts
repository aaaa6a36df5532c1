import { signal } from '@preact/signals';

/** Whether the gateway lets us in: `out` shows the login page, `ended` does too and says that the session is over. */
export type SessionState = 'in' | 'out' | 'ended';

/** The gateway fills it into the page for who is signed in; `none` where nobody has to. */
let token = document.querySelector<HTMLMetaElement>('meta[name="shoal-session"]')?.content ?? '';

export const session = signal<SessionState>(token === '' ? 'out' : 'in');

/** Whether signing in is a thing here. */
export const canLogOut = token !== 'none';

/** What requests carry besides the cookie; empty when there is none. */
export function sessionToken(): string {
  return token === 'none' ? '' : token;
}

/** Another session begins with this token, or with `undefined` the one that was is over. */
export function setSession(next: string | undefined): void {
  token = next ?? '';
  session.value = next === undefined ? 'out' : 'in';
}

/** The gateway does not know us any more. */
export function sessionEnded(): void {
  if (session.value !== 'in') return;
  token = '';
  session.value = 'ended';
}
