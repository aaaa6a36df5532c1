import { InvalidArgumentError } from 'commander';

export type NameValue = readonly [name: string, value: string];

/** Reads one more `NAME=VALUE` of an option that may be repeated. */
export function collectPairs(text: string, before: readonly NameValue[] = []): readonly NameValue[] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('It must be NAME=VALUE.');
  return [...before, [text.slice(0, equals), text.slice(equals + 1)]];
}
