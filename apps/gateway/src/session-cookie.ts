/** Holds the id of the portal's session; nobody but the control plane is to see it. */
const SESSION_COOKIE = 'shoal_session';
/**
 * Says that there is a session, and nothing more. Other sites' pages, and pages of functions in their sandbox, may have it
 * sent, which the one above is not: a link must not lead out of the sandbox.
 */
const MARK_COOKIE = `${SESSION_COOKIE}_mark`;
/** As ids are made: 32 bytes as base64url. */
const SESSION_ID = /^[\w-]{43}$/;
const SESSION = pairOf(SESSION_COOKIE);
const OURS = pairOf(`${SESSION_COOKIE}(_mark)?`);
/** Of a name that a browser may send more than once; a function's page can add some. */
const MAX_IDS = 8;

/** Values of `Set-Cookie`. @param id `undefined` takes the cookies away. */
export function sessionCookies(id: string | undefined, { maxAgeSeconds, secure }: { readonly maxAgeSeconds: number; readonly secure: boolean }): string[] {
  const kept = `HttpOnly; Max-Age=${id === undefined ? 0 : maxAgeSeconds}`;
  const [session, mark] = [`${SESSION_COOKIE}=${id ?? ''}; Path=/; ${kept}; SameSite=Strict`, `${MARK_COOKIE}=${id === undefined ? '' : 1}; Path=/; ${kept}`];
  // Without TLS no browser takes `None`; saying nothing lets through the most.
  return secure ? [`${session}; Secure`, `${mark}; SameSite=None; Secure`] : [session, mark];
}

/** Whether a `Cookie` header names a session, one that exists or not. */
export function namesSession(header: string | undefined): boolean {
  return hasPair(header, SESSION);
}

/** Whether a `Cookie` header is of a browser that is signed in, also where it must not say as whom. */
export function isSignedIn(header: string | undefined): boolean {
  return hasPair(header, OURS);
}

/** What could be ids of sessions in a `Cookie` header. */
export function sessionIdsIn(header: string | undefined): readonly string[] {
  if (!header?.includes(SESSION_COOKIE)) return [];
  const values = header.split(';').filter((pair) => SESSION.test(pair)).map((pair) => pair.slice(pair.indexOf('=') + 1).trim().replace(/^"(.*)"$/, '$1'));
  return values.filter((value) => SESSION_ID.test(value)).slice(0, MAX_IDS);
}

/** A `Cookie` header without ours; all others in order, byte for byte. `undefined` when nothing is left. */
export function withoutSessionCookie(header: string): string | undefined {
  const pairs = header.split(';');
  const kept = pairs.filter((pair) => !OURS.test(pair));
  if (kept.length === pairs.length) return header;
  const rest = kept.join(';').replace(/^[ \t]+/, '');
  return rest === '' ? undefined : rest;
}

/** Every call comes by here: one without cookies, or with others only, costs a look at them. */
function hasPair(header: string | undefined, pattern: RegExp): boolean {
  return header !== undefined && header.includes(SESSION_COOKIE) && header.split(';').some((pair) => pattern.test(pair));
}

function pairOf(name: string): RegExp {
  return new RegExp(`^[ \\t]*${name}[ \\t]*(=|$)`);
}
