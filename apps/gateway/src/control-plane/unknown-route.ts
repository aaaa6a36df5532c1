import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Answers what no route took, as the wire contract (§1.1) has it: a known path lacks the method, anything else is unknown.
 *
 * @param patterns of all routes.
 */
export function answerUnknown(request: FastifyRequest, reply: FastifyReply, patterns: ReadonlySet<string>): FastifyReply {
  const [path = ''] = request.url.split('?', 1);
  if ([...patterns].some((pattern) => matches(pattern, path))) return reply.status(405).send();
  return reply.status(404).type('text/plain; charset=utf-8').send('404 page not found\n');
}

/** The target to which an unclean one moves (§1.1); a clean one stays as it is. */
export function cleanTarget(target: string): string {
  const queryStart = target.indexOf('?');
  if (queryStart < 0) return cleanPath(target);
  return cleanPath(target.slice(0, queryStart)) + target.slice(queryStart);
}

/** Without empty segments, `.` and `..`; never leaves the root. */
function cleanPath(path: string): string {
  const kept: string[] = [];
  const isClean = !/\/\/|\/\.{1,2}(\/|$)/.test(path);
  if (isClean) return path;
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '.' && segment !== '') kept.push(segment);
  }
  // A browser takes a backslash for a slash, and two slashes for another host.
  return `/${kept.join('/')}${path.endsWith('/') && kept.length > 0 ? '/' : ''}`.replaceAll('\\', '%5C');
}

function matches(pattern: string, path: string): boolean {
  const [expected, given] = [pattern, path].map((text) => text.replace(/\/$/, '').split('/'));
  return expected!.length === given!.length && expected!.every((part, i) => part.startsWith(':') || part === given![i]);
}
