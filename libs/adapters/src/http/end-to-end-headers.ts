import type { HeaderBlock } from './header-block';
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

/** Whatever `Connection` says: without these the message would be another one, or come from somebody else. */
const NOT_OF_A_CONNECTION = new HeaderNames('host', 'content-length', 'x-forwarded-for', 'x-forwarded-host', 'traceparent');

/**
 * Copies a flat list of header names and values without those that are dropped and those that `Connection` names.
 *
 * @param dropped `HOP_BY_HOP`, with further names or without.
 */
export function endToEndHeaders(raw: readonly string[], dropped: HeaderNames): string[] {
  const kept: string[] = [];
  let named: Set<string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    if (!dropped.has(name)) kept.push(name, raw[i + 1]!);
    else if (name.length === 10 && name.toLowerCase() === 'connection') named = namedBy(raw[i + 1]!, named);
  }
  return named ? withoutNames(kept, named) : kept;
}

/** The same as lines, each with its end, as they came. */
export function endToEndLines(headers: HeaderBlock, dropped: HeaderNames): string {
  return headers.linesWithout(dropped) ?? plainLines(endToEndHeaders(headers.flat, dropped));
}

/** Names and values in turn as lines, each with its end; unchecked. */
export function plainLines(headers: readonly string[]): string {
  let lines = '';
  for (let i = 0; i < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return lines;
}

/** As many as the caller likes, and as long: not for `HeaderNames`, which is made for few that are asked for often. */
function namedBy(value: string, earlier: Set<string> | undefined): Set<string> | undefined {
  if (/^(keep-alive|close|upgrade)$/i.test(value)) return earlier;
  const names = earlier ?? new Set<string>();
  for (const token of value.toLowerCase().split(',')) {
    const name = token.trim();
    if (!NOT_OF_A_CONNECTION.has(name)) names.add(name);
  }
  return names;
}

function withoutNames(headers: readonly string[], names: ReadonlySet<string>): string[] {
  return headers.filter((_, i) => !names.has(headers[i - (i % 2)]!.toLowerCase()));
}
