/** Holds the id of the portal's session; nobody but the control plane is to see it. */
const SESSION_COOKIE = 'shoal_session';
/** As ids are made: 32 bytes as base64url. */
const SESSION_ID = /^[\w-]{43}$/;
const OURS = new RegExp(`^[ \\t]*${SESSION_COOKIE}[ \\t]*(=|$)`);
/** Of a name that a browser may send more than once; a function's page can add some. */
const MAX_IDS = 8;

/** @param id `undefined` takes the cookie away. */
export function sessionCookie(id: string | undefined, { maxAgeSeconds, secure }: { readonly maxAgeSeconds: number; readonly secure: boolean }): string {
  const kept = id === undefined ? 0 : maxAgeSeconds;
  return `${SESSION_COOKIE}=${id ?? ''}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${kept}${secure ? '; Secure' : ''}`;
}

/** Whether a `Cookie` header names a session, one that exists or not. */
export function hasSessionCookie(header: string | undefined): boolean {
  return header !== undefined && header.includes(SESSION_COOKIE) && header.split(';').some((pair) => OURS.test(pair));
}

/** What could be ids of sessions in a `Cookie` header. */
export function sessionIdsIn(header: string | undefined): readonly string[] {
  if (!header?.includes(SESSION_COOKIE)) return [];
  const values = header.split(';').filter((pair) => OURS.test(pair)).map((pair) => pair.slice(pair.indexOf('=') + 1).trim().replace(/^"(.*)"$/, '$1'));
  return values.filter((value) => SESSION_ID.test(value)).slice(0, MAX_IDS);
}

/** A `Cookie` header without the session's; all others in order, byte for byte. `undefined` when nothing is left. */
export function withoutSessionCookie(header: string): string | undefined {
  const pairs = header.split(';');
  const kept = pairs.filter((pair) => !OURS.test(pair));
  if (kept.length === pairs.length) return header;
  const rest = kept.join(';').replace(/^[ \t]+/, '');
  return rest === '' ? undefined : rest;
}
