/** What of a request reaches a process by its environment. */
export interface CallHead {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
}

/** Never exported: `Http_Proxy` would tell many programs to send their own traffic elsewhere, and `Http_Query` is the target's. */
const WITHHELD: ReadonlySet<string> = new Set(['proxy', 'query']);

/**
 * The environment of one call (wire contract §5.1.3): `Http_Method`, `Http_Path` (decoded), `Http_Query` (raw),
 * `Http_ContentLength`, and the first value of each header as `Http_X_Foo_Bar`.
 */
export function callEnvironment(head: CallHead): Record<string, string> {
  const env: Record<string, string> = {};
  let contentLength: string | undefined;
  let chunked = false;
  for (let i = 0; i < head.rawHeaders.length; i += 2) {
    const name = head.rawHeaders[i]!.toLowerCase();
    const value = head.rawHeaders[i + 1]!;
    if (name === 'content-length') contentLength ??= value;
    if (name === 'transfer-encoding') chunked = true;
    if (!WITHHELD.has(name)) env[`Http_${canonical(name)}`] ??= value;
  }
  const length = chunked ? '-1' : (contentLength ?? '0');
  env['Http_ContentLength'] = length;
  env['Http_Content_Length'] = length;
  env['Http_Method'] = head.method;
  const queryStart = head.target.indexOf('?');
  env['Http_Path'] = decodePath(queryStart < 0 ? head.target : head.target.slice(0, queryStart));
  if (queryStart >= 0 && queryStart < head.target.length - 1) env['Http_Query'] = head.target.slice(queryStart + 1);
  return env;
}

/** `x-foo-bar` → `X_Foo_Bar`. */
function canonical(lowerCaseName: string): string {
  return lowerCaseName.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase()).replace(/-/g, '_');
}

/** As it came when it cannot be decoded, or when decoded it could not stand in an environment. */
function decodePath(path: string): string {
  try {
    const decoded = decodeURIComponent(path);
    return decoded.includes('\0') ? path : decoded;
  } catch {
    return path;
  }
}
