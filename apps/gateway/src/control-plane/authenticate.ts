import { ShoalError } from '@shoal/domain/shared/errors';
import type { FastifyRequest } from 'fastify';
import type { Credentials } from '../credentials';
import { namesSession } from '../session-cookie';
import { networkOf } from './network-of';
import { isTokenOf, type Session, type Sessions } from './sessions';

/** Decide themselves whom they ask. */
const SELF_GUARDED = /^\/(async-function\/calls\/|ui\/session(\?|$))/;
/** Everything else is closed but this, for reading: it tells nothing, and the page that asks for the password needs it. */
const OPEN = /^\/((healthz|readyz)?|ui\/assets\/.*|ui\/[\w-]+\.(svg|png|ico|webmanifest))(\?|$)/;
/** What browsers fetch by themselves, without a header of ours: the cookie alone lets read it. */
const PAGES = /^\/(ui|docs|openapi\.json)/;

/** Wrong credentials cost their sender this, the more the more often, and nobody else anything. */
const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 2_000;
/** Attempts of one address that wait at a time; one more is refused. */
const MAX_PENDING = 8;
/**
 * Checks of unknown credentials that run or wait at a time, from all addresses; one more is refused. The first of an address that
 * has not failed has room of its own. In IPv6 it must be the first of its 48 bits, which one customer may have; who has more than
 * so many of those, or of IPv4 addresses, can fill it.
 */
const MAX_CHECKS = 64;
/** Networks that are remembered for having failed. */
const MAX_ADDRESSES = 10_000;
const FORGET_AFTER_MS = 10 * 60_000;

interface Attempts {
  failures: number;
  pending: number;
  lastMs: number;
  turn: Promise<void>;
}

/**
 * Asks for the credentials on every request of the control plane, whichever part of it answers.
 *
 * Credentials that were right before pass at once, so whoever guesses cannot keep the owner out. Others are checked one
 * after the other for each address, and after each failure the next check of that address takes longer.
 */
export class Authenticator {
  /** By network. */
  private readonly attempts = new Map<string, Attempts>();
  private readonly checks = { first: 0, further: 0 };

  /** @param credentials `undefined` when authentication is off. */
  constructor(
    private readonly credentials: Credentials | undefined,
    private readonly sessions: Sessions,
  ) {}

  get isOn(): boolean {
    return this.credentials !== undefined;
  }

  /** Rejects with `unauthorized`, `too-many-attempts`, or with `forbidden` what another site's page sent. */
  async check(request: FastifyRequest): Promise<void> {
    refuseOtherSites(request);
    const { url } = request;
    if (SELF_GUARDED.test(url) || (isReading(request) && OPEN.test(url))) return;
    await this.requireUser(request, { cookieAlone: isReading(request) && PAGES.test(url) });
  }

  /** Rejects with `unauthorized` or `too-many-attempts`. */
  async requireCredentials(request: FastifyRequest): Promise<void> {
    await this.requireUser(request, { cookieAlone: false });
  }

  /**
   * Who sent it, by `Authorization`, or where there is none by the session's cookie and token; `undefined` when authentication is off.
   *
   * @param cookieAlone Whether it goes without the token: any page of this origin can have it sent so.
   */
  async requireUser({ headers, ip, raw }: FastifyRequest, { cookieAlone }: { readonly cookieAlone: boolean }): Promise<string | undefined> {
    if (!this.credentials) return undefined;
    if (headers.authorization === undefined && namesSession(headers.cookie)) {
      const session = this.requireSession(headers.cookie);
      if (cookieAlone || isTokenOf(session, headers['x-shoal-session'])) return session.user;
      throw new ShoalError('unauthorized', 'X-Shoal-Session is missing or wrong');
    }
    // Of two, whoever stands in front of us may have read the other one.
    const given = raw.headersDistinct['authorization']?.length === 1 ? parseBasic(headers.authorization) : undefined;
    if (!given || !(await this.areRight(given, ip))) throw new ShoalError('unauthorized', 'invalid credentials');
    return given.user;
  }

  /**
   * Aborted once the session has ended that let the request in; `undefined` when no session did. Throws `unauthorized` when it
   * has ended since.
   */
  sessionEnd({ headers }: FastifyRequest): AbortSignal | undefined {
    return this.credentials && headers.authorization === undefined ? this.requireSession(headers.cookie).ended : undefined;
  }

  private requireSession(cookies: string | undefined): Session {
    const session = this.sessions.find(cookies);
    if (!session) throw new ShoalError('unauthorized', 'the session has ended: sign in again');
    return session;
  }

  /** Whether these are the credentials. Takes its time to say no; rejects with `too-many-attempts`. @param address of who gives them. */
  async areRight({ user, password }: BasicCredentials, address: string): Promise<boolean> {
    if (!this.credentials || this.credentials.areKnown(user, password)) return true;
    return this.checkUnknown(this.credentials, { user, password }, address);
  }

  private async checkUnknown(credentials: Credentials, { user, password }: BasicCredentials, address: string): Promise<boolean> {
    if (this.attempts.size + 2 > MAX_ADDRESSES) this.forget();
    const attempts = this.attemptsOf(networkOf(address));
    // One and the same in IPv4.
    const counted = new Set([attempts, this.attemptsOf(networkOf(address, 48))]);
    const kind = [...counted].every(({ failures, pending }) => failures === 0 && pending === 0) ? 'first' : 'further';
    if (attempts.pending >= MAX_PENDING || this.checks[kind] >= MAX_CHECKS) {
      throw new ShoalError('too-many-attempts', 'too many attempts at a time', { retryAfterSeconds: 1 });
    }
    for (const each of counted) each.pending++;
    this.checks[kind]++;
    const turn = attempts.turn.then(async () => {
      const right = await credentials.areRight(user, password);
      for (const each of counted) {
        each.failures = right ? 0 : each.failures + 1;
        each.lastMs = Date.now();
      }
      if (right) return true;
      await sleep(Math.min(FIRST_DELAY_MS * 2 ** (attempts.failures - 1), MAX_DELAY_MS));
      return false;
    });
    const ended = () => {
      for (const each of counted) each.pending--;
      this.checks[kind]--;
    };
    attempts.turn = turn.then(ended, ended);
    return turn;
  }

  private attemptsOf(network: string): Attempts {
    const known = this.attempts.get(network);
    if (known) return known;
    const fresh: Attempts = { failures: 0, pending: 0, lastMs: Date.now(), turn: Promise.resolve() };
    this.attempts.set(network, fresh);
    return fresh;
  }

  /** The old ones; when there are none, half of those that wait for nothing: who has failed least. */
  private forget(): void {
    const idle = [...this.attempts].filter(([, { pending }]) => pending === 0);
    const old = idle.filter(([, { lastMs }]) => Date.now() - lastMs > FORGET_AFTER_MS);
    const least = () => idle.sort(([, a], [, b]) => a.failures - b.failures).slice(0, Math.ceil(idle.length / 2));
    for (const [network] of old.length > 0 ? old : least()) this.attempts.delete(network);
  }
}

interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

function parseBasic(header: string | undefined): BasicCredentials | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Whether it claims to come from the owner. */
export function givesCredentials({ headers }: FastifyRequest): boolean {
  return /^basic /i.test(headers.authorization ?? '') || headers['x-shoal-session'] !== undefined;
}

function isReading({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** A browser adds the owner's credentials to what any page sends here; only our own pages may change anything. */
function refuseOtherSites({ method, headers }: FastifyRequest): void {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return;
  const { origin, host, 'sec-fetch-site': site } = headers;
  const otherOrigin = typeof origin === 'string' && originHost(origin) !== host;
  if (otherOrigin || site === 'cross-site' || site === 'same-site') {
    throw new ShoalError('forbidden', 'requests from pages of another site are refused');
  }
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
