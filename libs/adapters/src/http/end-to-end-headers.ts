import { HeaderNames } from './header-names';

/** Headers of one connection, not of the message (RFC 9110 §7.6.1), and those that describe its framing. */
export const HOP_BY_HOP = new HeaderNames(
  'connection',
  'proxy-connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
);

/**
 * Copies a flat list of header names and values without those that are dropped and those that `Connection` names.
 *
 * @param dropped `HOP_BY_HOP`, with further names or without.
 */
export function endToEndHeaders(raw: readonly string[], dropped: HeaderNames): string[] {
  const kept: string[] = [];
  let named: readonly string[] | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    if (!dropped.has(name)) kept.push(name, raw[i + 1]!);
    else if (name.length === 10 && name.toLowerCase() === 'connection') named = namedBy(raw[i + 1]!, named);
  }
  return named ? withoutNames(kept, new HeaderNames(...named)) : kept;
}

function namedBy(value: string, earlier: readonly string[] | undefined): readonly string[] | undefined {
  if (/^(keep-alive|close|upgrade)$/i.test(value)) return earlier;
  return [...(earlier ?? []), ...value.toLowerCase().split(',').map((token) => token.trim())];
}

function withoutNames(headers: readonly string[], names: HeaderNames): string[] {
  return headers.filter((_, i) => !names.has(headers[i - (i % 2)]!));
}
