import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Answers what no route took, as the wire contract (§1.1) has it: an unclean path moves, a known path lacks the method,
 * anything else is unknown.
 *
 * @param patterns of all routes.
 */
export function answerUnknown(request: FastifyRequest, reply: FastifyReply, patterns: ReadonlySet<string>): FastifyReply {
  const [path = '', query] = request.url.split('?', 2);
  const clean = cleanPath(path);
  if (clean !== path) return reply.redirect(query === undefined ? clean : `${clean}?${query}`, 301);
  if ([...patterns].some((pattern) => matches(pattern, path))) return reply.status(405).send();
  return reply.status(404).type('text/plain; charset=utf-8').send('404 page not found\n');
}

/** Without empty segments, `.` and `..`; never leaves the root. */
function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '.' && segment !== '') kept.push(segment);
  }
  return `/${kept.join('/')}${path.endsWith('/') && kept.length > 0 ? '/' : ''}`;
}

function matches(pattern: string, path: string): boolean {
  const [expected, given] = [pattern, path].map((text) => text.replace(/\/$/, '').split('/'));
  return expected!.length === given!.length && expected!.every((part, i) => part.startsWith(':') || part === given![i]);
}
