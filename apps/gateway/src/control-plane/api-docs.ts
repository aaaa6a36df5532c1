import { dirname } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { pageOf, SCRIPT, STYLE } from './api-docs-page';
import { describeApi } from './openapi';
import type { Sessions } from './sessions';

/** All that the page needs of Swagger UI; its own page and what starts it are ours. */
const SWAGGER_UI_FILES = new Set(['/swagger-ui.css', '/swagger-ui-bundle.js']);

export interface ApiDocsOptions {
  readonly version: string;
  readonly sessions: Sessions;
}

/** Serves the description of the API at `/openapi.json`, and the page that shows it at `/docs`. */
export async function serveApiDocs(fastify: FastifyInstance, app: NestFastifyApplication, { version, sessions }: ApiDocsOptions): Promise<void> {
  SwaggerModule.setup('docs', app, () => describeApi(app, version), { ui: false, raw: ['json'], jsonDocumentUrl: 'openapi.json' });
  fastify.get('/docs', ({ headers }, reply) => {
    // As the portal's page does: only a navigation learns the token, not the page of a function that fetches this one.
    const { 'sec-fetch-dest': destination = 'document', cookie } = headers;
    const token = destination === 'document' ? sessions.find(cookie)?.token : undefined;
    return reply.headers({ 'Cache-Control': 'no-store', Vary: 'Cookie, Sec-Fetch-Dest' }).type('text/html; charset=utf-8').send(pageOf(token));
  });
  fastify.get('/docs/shoal.css', (_request, reply) => reply.header('Cache-Control', 'no-cache').type('text/css; charset=utf-8').send(STYLE));
  fastify.get('/docs/shoal.js', (_request, reply) => reply.header('Cache-Control', 'no-cache').type('text/javascript; charset=utf-8').send(SCRIPT));
  await fastify.register(fastifyStatic, {
    root: dirname(require.resolve('swagger-ui-dist/package.json')),
    prefix: '/docs/',
    index: false,
    decorateReply: false,
    allowedPath: (path) => SWAGGER_UI_FILES.has(path),
  });
}
