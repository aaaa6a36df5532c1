import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sessionCookies } from '../session-cookie';
import type { Authenticator } from './authenticate';
import { SESSION_SECONDS, type Sessions } from './sessions';

const PAGE = 'index.html';
/** Where the page learns its token from. */
const TOKEN_PLACE = '<meta name="shoal-session" content="';
/** Has a name that changes with what is in it. */
const HASHED = /[\\/]assets[\\/][^\\/]+-[\w-]{8}\.\w+(\.br|\.gz)?$/;
const ONE_YEAR = 'public, max-age=31536000, immutable';

export interface PortalOptions {
  readonly portalFolder: string;
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
}

/** Gives the browser the cookies of a session; `undefined` takes them away. */
export function setSession(request: FastifyRequest, reply: FastifyReply, id: string | undefined): void {
  // Nobody but the one who asks is concerned by what a proxy, or he himself, says of the way here.
  const secure = request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
  void reply.headers({ 'Set-Cookie': sessionCookies(id, { maxAgeSeconds: SESSION_SECONDS, secure }), 'Cache-Control': 'no-store' });
}

/** Serves the portal's files below `/ui/`, and its page at `/ui/`. */
export async function servePortal(fastify: FastifyInstance, options: PortalOptions): Promise<void> {
  await fastify.register(fastifyStatic, {
    root: options.portalFolder,
    prefix: '/ui/',
    index: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => void reply.header('Cache-Control', HASHED.test(path) ? ONE_YEAR : 'no-cache'),
  });
  for (const path of ['/ui', '/ui/index.html']) {
    fastify.get(path, async (request, reply) => {
      // The page's own links are relative, so it has to be at the slash.
      if (!isPage(request.url)) return reply.redirect(request.url.replace('/ui', '/ui/'), 301);
      return sendPage(reply, options.portalFolder, await tokenFor(request, reply, options));
    });
  }
}

/** Whether a person who is not signed in is to see the portal's own way to do so. */
export function wantsSignIn({ method, url, headers }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && /^\/(ui|docs|openapi\.json)\b/.test(url) && headers.accept?.includes('text/html') === true;
}

/** The page, which asks for the password; from elsewhere, the way there. */
export async function sendSignIn(request: FastifyRequest, reply: FastifyReply, folder: string): Promise<FastifyReply> {
  if (isPage(request.url)) return sendPage(reply.status(401), folder, '');
  const next = /^\/(docs|openapi\.json)/.exec(request.url)?.[0];
  return reply.header('Cache-Control', 'no-store').redirect(next === undefined ? '/ui/' : `/ui/?next=${next}`, 302);
}

function isPage(target: string): boolean {
  return /^\/ui\/(index\.html)?(\?|$)/.test(target);
}

/**
 * A page of a function can ask for this page as well, by fetch() or in a frame: it must not learn the token so. (Who can
 * say nothing of what he wants it for, an old browser or one without TLS, gets it.)
 */
async function tokenFor(request: FastifyRequest, reply: FastifyReply, { authenticator, sessions }: PortalOptions): Promise<string> {
  const user = await authenticator.requireUser(request, { cookieAlone: true });
  if (user === undefined) return 'none';
  const { 'sec-fetch-dest': destination = 'document', accept, cookie } = request.headers;
  if (destination !== 'document') return '';
  const session = sessions.find(cookie);
  if (session) return session.token;
  // It came with credentials; who reads no pages needs no session.
  if (!accept?.includes('text/html')) return '';
  const started = sessions.start(user);
  setSession(request, reply, started.id);
  return started.session.token;
}

/** @param token nothing but letters, digits, `-` and `_`. */
async function sendPage(reply: FastifyReply, folder: string, token: string): Promise<FastifyReply> {
  const page = await readFile(join(folder, PAGE), 'utf8');
  return reply
    .headers({ 'Cache-Control': 'no-store', Vary: 'Accept, Authorization, Cookie, Sec-Fetch-Dest' })
    .type('text/html; charset=utf-8')
    .send(page.replace(TOKEN_PLACE, () => TOKEN_PLACE + token));
}
