import type { Pair } from './call-url';

/** Names that a browser takes away, in lower case: it sets them itself, or nobody may. */
const DROPPED: ReadonlySet<string> = new Set([
  'accept-charset', 'accept-encoding', 'access-control-request-headers', 'access-control-request-method', 'access-control-request-private-network', 'connection', 'content-length', 'cookie', 'cookie2',
  'date', 'dnt', 'expect', 'host', 'keep-alive', 'origin', 'referer', 'set-cookie', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'via',
]);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const SECRET = /authorization|cookie|token|secret|password|api-?key|signature/i;

/** Whether a browser leaves this header out of what a page sends. */
export function isDropped(name: string): boolean {
  const lower = name.trim().toLowerCase();
  return DROPPED.has(lower) || lower.startsWith('proxy-') || lower.startsWith('sec-');
}

/** Whether its value is nobody's business but the function's. */
export function isSecret(name: string): boolean {
  return SECRET.test(name);
}

/** Why this header cannot be sent; `undefined` when it can, and for an empty row. */
export function headerProblem({ name, value }: Pair): string | undefined {
  const trimmed = name.trim();
  if (trimmed === '') return value === '' ? undefined : 'The header needs a name.';
  if (!TOKEN.test(trimmed)) return "A name has letters, digits and !#$%&'*+-.^_`|~ only.";
  const bad = /[^\t\x20-\x7e\x80-\xff]/u.exec(value.trim())?.[0];
  if (bad === undefined) return undefined;
  return bad < ' ' || bad === '\x7f' ? 'A value cannot have control characters.' : `A value cannot have “${bad}”: encode it, for example as ${encodeURIComponent(bad)}.`;
}

/** The rows that are filled in, and a `Content-Type` for the body unless one of them says it. */
export function headersToSend(rows: readonly Pair[], contentType: string | undefined): Pair[] {
  const filled = rows.map(({ name, value }) => ({ name: name.trim(), value: value.trim() })).filter(({ name }) => name !== '');
  if (contentType === undefined || filled.some(({ name }) => name.toLowerCase() === 'content-type')) return filled;
  return [...filled, { name: 'Content-Type', value: contentType }];
}
