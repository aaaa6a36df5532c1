import { ShoalError } from '@shoal/domain/shared/errors';
import type { FastifyInstance } from 'fastify';

/** Of a body on the control plane. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** Objects and lists within each other; validation recurses, and must not run out of stack. */
const MAX_BODY_DEPTH = 32;
/** Names in one object; validation takes time in the square of it. More than any map or list of ours may have. */
const MAX_OBJECT_NAMES = 2_000;
/** Names and list items in the whole body; the largest notification of an Alertmanager has fewer. */
const MAX_BODY_VALUES = 50_000;
/** Routes whose path and query say all, by method. */
const BODILESS = /^(\w+ \/(system\/queue|async-function)(\/|$)|DELETE \/ui\/session$)/;
/** Validation drops them, for good reasons; better to say so. */
const REFUSED_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Takes every body for JSON, whatever its content type says: existing clients say all kinds, wrong ones, or none. */
export function readEveryBodyAsJson(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addHook('onRequest', async ({ raw }) => {
    delete raw.headers['content-type'];
  });
  fastify.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
    // What no route takes is not read: it is unknown, whatever it says.
    if (body === '' || request.is404) return done(null, undefined);
    try {
      done(null, parseBounded(body as string));
    } catch (error) {
      done(error as ShoalError);
    }
  });
  fastify.addHook('preValidation', async ({ method, params, body, is404, routeOptions }) => {
    if (BODILESS.test(`${method} ${routeOptions.url ?? ''}`)) return;
    const namedInPath = Object.keys(params as object).length > 0;
    const needsBody = !is404 && (method === 'POST' || method === 'PUT' || (method === 'DELETE' && !namedInPath));
    if (needsBody && !isObject(body)) throw new ShoalError('invalid-request', 'A body is required for this endpoint: a JSON object.');
  });
}

function parseBounded(text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new ShoalError('invalid-request', 'Cannot parse request. Please pass valid JSON.');
  }
  let level: object[] = [body].filter(isObjectOrList);
  let values = 0;
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_BODY_DEPTH) throw new ShoalError('invalid-request', `the body is nested deeper than ${MAX_BODY_DEPTH} levels`);
    for (const value of level) {
      const names = Array.isArray(value) ? [] : Object.keys(value);
      values += Array.isArray(value) ? value.length : names.length;
      if (names.length > MAX_OBJECT_NAMES) throw new ShoalError('invalid-request', `an object in the body has more than ${MAX_OBJECT_NAMES} names: send fewer`);
      if (values > MAX_BODY_VALUES) throw new ShoalError('invalid-request', `the body has more than ${MAX_BODY_VALUES} values: send fewer at a time`);
      for (const name of names) if (REFUSED_NAMES.has(name)) throw new ShoalError('invalid-request', `${name} cannot be a name here`);
    }
    level = level.flatMap((value) => Object.values(value) as unknown[]).filter(isObjectOrList);
  }
  return body;
}

function isObject(value: unknown): boolean {
  return isObjectOrList(value) && !Array.isArray(value);
}

function isObjectOrList(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
