/** Headers of one connection, not of the message (RFC 9110 §7.6.1), and those that describe its framing. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Copies a flat list of header names and values without the hop-by-hop ones and those that `Connection` names.
 *
 * @param dropped further names to leave out, in lower case.
 */
export function endToEndHeaders(raw: readonly string[], dropped: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  let named: readonly string[] | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (name === 'connection') named = namedBy(raw[i + 1]!, named);
    if (HOP_BY_HOP.has(name) || dropped.has(name)) continue;
    kept.push(raw[i]!, raw[i + 1]!);
  }
  return named ? withoutNames(kept, new Set(named)) : kept;
}

function namedBy(value: string, earlier: readonly string[] | undefined): readonly string[] | undefined {
  if (/^(keep-alive|close|upgrade)$/i.test(value)) return earlier;
  return [...(earlier ?? []), ...value.toLowerCase().split(',').map((token) => token.trim())];
}

function withoutNames(headers: readonly string[], names: ReadonlySet<string>): string[] {
  return headers.filter((_, i) => !names.has(headers[i - (i % 2)]!.toLowerCase()));
}
