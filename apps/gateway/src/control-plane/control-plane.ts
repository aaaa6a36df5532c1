import { createServer, type RequestListener } from 'node:http';
import { existsSync } from 'node:fs';
import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayMetrics } from '../metrics-server';
import { namesSession } from '../session-cookie';
import { serveApiDocs } from './api-docs';
import type { Authenticator } from './authenticate';
import { ControlPlaneModule } from './control-plane.module';
import { ErrorFilter, sendError } from './error.filter';
import { MAX_BODY_BYTES, readEveryBodyAsJson } from './json-body';
import { sendSignIn, servePortal, setSession, wantsSignIn } from './portal';
import type { Sessions } from './sessions';
import { cleanTarget } from './unknown-route';

const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/** No page of another origin, or of a function, gets hold of the window in which one of ours is. */
const PAGE_HEADERS = { 'Cross-Origin-Opener-Policy': 'same-origin', 'X-Frame-Options': 'DENY', 'Referrer-Policy': 'no-referrer' };

/** Of any file that there can be, and of more than any route. */
const MAX_PATH_LENGTH = 4_096;

export interface ControlPlaneOptions {
  /** Use cases and settings, each injected under its class. */
  readonly instances: readonly object[];
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
  readonly metrics: GatewayMetrics;
  readonly version: string;
  /** The portal's files; nothing is served at `/ui/` where there are none. */
  readonly portalFolder: string;
}

/** Builds the control plane, Nest on Fastify, and returns what answers its requests; it listens nowhere itself. */
export async function createControlPlane(options: ControlPlaneOptions): Promise<RequestListener> {
  let listener: RequestListener | undefined;
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    // What the router itself refuses reaches no hook and no filter.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => sendError(request, reply, error),
    exposeHeadRoutes: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
    serverFactory: (handler: RequestListener) => {
      listener = handler;
      return createServer(handler);
    },
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  readEveryBodyAsJson(fastify);
  const patterns = collectRoutes(fastify);
  guard(fastify, options);
  const app = await NestFactory.create<NestFastifyApplication>(ControlPlaneModule.of([...options.instances, options.authenticator, options.sessions]), adapter, {
    logger: { log: () => undefined, warn: (...said) => console.warn(...said), error: (...said) => console.error(...said) },
    abortOnError: false,
    bodyParser: false,
  });
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
  app.useGlobalFilters(new ErrorFilter(patterns));
  await serveApiDocs(fastify, app, options);
  fastify.get('/', (_request, reply) => reply.redirect('/ui/', 301));
  if (hasPortal(options)) await servePortal(fastify, options);
  await app.init();
  await fastify.ready();
  return listener!;
}

function hasPortal({ portalFolder }: ControlPlaneOptions): boolean {
  return existsSync(portalFolder);
}

function guard(fastify: FastifyInstance, options: ControlPlaneOptions): void {
  const { authenticator, sessions, metrics, portalFolder } = options;
  const pageCanAsk = hasPortal(options);
  fastify.addHook('onRequest', async (request, reply) => {
    try {
      await authenticator.check(request);
      requirePathLength(request.url);
    } catch (error) {
      const unauthorized = error instanceof ShoalError && error.code === 'unauthorized';
      if (unauthorized && pageCanAsk && wantsSignIn(request)) return sendSignIn(request, reply, portalFolder);
      sendError(request, reply, error);
      return reply;
    }
    const clean = cleanTarget(request.url);
    return clean === request.url ? undefined : reply.redirect(clean, 301);
  });
  fastify.addHook('onSend', async (request, reply) => {
    void reply.header('X-Content-Type-Options', 'nosniff');
    if (/^\/(ui|docs)/.test(request.url)) void reply.headers({ ...PAGE_HEADERS, 'Content-Security-Policy': PAGE_POLICY });
    // One that has ended is of no use any more.
    const { cookie } = request.headers;
    if (reply.statusCode === 401 && namesSession(cookie) && !sessions.find(cookie)) setSession(request, reply, undefined);
  });
  fastify.addHook('onResponse', async (request, reply) => {
    metrics.observeRequest(request.method, request.routeOptions.url ?? 'unknown', reply.statusCode, reply.elapsedTime / 1_000);
  });
}

/** What serves files takes a path apart, and has no room for the parts of a megabyte. */
function requirePathLength(target: string): void {
  const queryStart = target.indexOf('?');
  if ((queryStart < 0 ? target.length : queryStart) > MAX_PATH_LENGTH) throw new ShoalError('uri-too-long', `the path is longer than ${MAX_PATH_LENGTH} characters`);
}

/** The patterns of all routes, to tell a wrong method from a wrong path. */
function collectRoutes(fastify: FastifyInstance): Set<string> {
  const patterns = new Set<string>();
  fastify.addHook('onRoute', ({ url }) => {
    if (!url.includes('*')) patterns.add(url);
  });
  return patterns;
}
