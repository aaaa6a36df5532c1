import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Clock, Timer } from '@shoal/domain/shared/clock';
import { sessionIdsIn } from '../session-cookie';

/** However often it is used. */
export const SESSION_SECONDS = 12 * 3_600;
const MAX_SESSIONS = 1_000;
const SECRET_BYTES = 32;

/** Somebody who is signed in with one browser. */
export interface Session {
  readonly user: string;
  /** What the portal's page knows and a page of a function does not. */
  readonly token: string;
  /** Aborted when it ends, whyever. */
  readonly ended: AbortSignal;
}

interface StoredSession {
  readonly session: Session;
  readonly ending: AbortController;
  readonly timer: Timer;
}

/**
 * Who is signed in to the portal: in memory, so a restart signs everybody out. Starting one more than fit ends the oldest.
 *
 * Ids are kept as hashes, so finding one takes no time that tells anything of it.
 */
export class Sessions {
  /** By the hash of the id; the oldest, which end first, come first. */
  private readonly sessions = new Map<string, StoredSession>();

  constructor(private readonly clock: Clock) {}

  /** Begins one, with an id that was never used before. */
  start(user: string): { readonly id: string; readonly session: Session } {
    for (const hash of this.sessions.keys()) {
      if (this.sessions.size < MAX_SESSIONS) break;
      this.remove(hash);
    }
    const id = randomSecret();
    const hash = hashOf(id);
    const ending = new AbortController();
    // One for each stream that it has opened: these have bounds of their own.
    setMaxListeners(0, ending.signal);
    const session = { user, token: randomSecret(), ended: ending.signal };
    const timer = this.clock.after(SESSION_SECONDS * 1_000, () => this.remove(hash));
    this.sessions.set(hash, { session, ending, timer });
    return { id, session };
  }

  /** @param cookies the `Cookie` header. A browser may send ours twice: whoever can set cookies here cannot sign anybody out so. */
  find(cookies: string | undefined): Session | undefined {
    for (const id of sessionIdsIn(cookies)) {
      const stored = this.sessions.get(hashOf(id));
      if (stored) return stored.session;
    }
    return undefined;
  }

  /** Ends those that the `Cookie` header names; no error when there is none. */
  end(cookies: string | undefined): void {
    for (const id of sessionIdsIn(cookies)) this.remove(hashOf(id));
  }

  private remove(hash: string): void {
    const stored = this.sessions.get(hash);
    if (!stored) return;
    this.sessions.delete(hash);
    stored.timer.cancel();
    stored.ending.abort();
  }
}

/** In constant time. */
export function isTokenOf({ token }: Session, given: unknown): boolean {
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(token));
}

function randomSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

function hashOf(id: string): string {
  return digest(id).toString('base64');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
