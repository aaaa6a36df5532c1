export interface Pair {
  readonly name: string;
  readonly value: string;
}

/** What is sent when: now, or by the queue. */
export type CallMode = 'sync' | 'async';

/**
 * The URL of a call.
 *
 * @param base where the function is, without a slash at the end.
 * @param path path and query behind the function's name, as typed.
 * @returns `undefined` when the path leads out of the function: browsers resolve `..` themselves.
 */
export function callUrl(base: string, path: string): string | undefined {
  // A fragment would not be sent.
  const rest = path.trim().replaceAll('#', '%23');
  const joined = rest === '' || rest.startsWith('/') || rest.startsWith('?') ? `${base}${rest}` : `${base}/${rest}`;
  if (!URL.canParse(joined)) return undefined;
  const { href } = new URL(joined);
  return href === base || href.startsWith(`${base}/`) || href.startsWith(`${base}?`) ? href : undefined;
}

/** The query of a path as rows for a person: decoded, in order, one for each part between `&`. */
export function queryRows(path: string): Pair[] {
  return partsOf(path).map((part) => {
    const equals = part.indexOf('=');
    return equals < 0 ? { name: decode(part), value: '' } : { name: decode(part.slice(0, equals)), value: decode(part.slice(equals + 1)) };
  });
}

/** The path with one row written anew, `undefined` for without it; all others stay byte for byte. A row behind the last is added. */
export function withQueryRow(path: string, index: number, row: Pair | undefined): string {
  const parts = partsOf(path);
  if (row === undefined) parts.splice(index, 1);
  else parts[index] = row.value === '' ? encode(row.name) : `${encode(row.name)}=${encode(row.value)}`;
  while (parts.at(-1) === '') parts.pop();
  const [before] = split(path);
  return parts.length === 0 ? before : `${before}?${parts.join('&')}`;
}

function split(path: string): [string, string | undefined] {
  const at = path.indexOf('?');
  return at < 0 ? [path, undefined] : [path.slice(0, at), path.slice(at + 1)];
}

function partsOf(path: string): string[] {
  const [, query = ''] = split(path);
  return query === '' ? [] : query.split('&');
}

function encode(text: string): string {
  // Half a character cannot be encoded.
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
