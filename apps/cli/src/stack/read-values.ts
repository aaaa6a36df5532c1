import { MAX_SPEC_ENTRIES, parseFunctionSpec, type FunctionSpecInput, type Resources } from '@shoal/domain/functions/function-spec';
import { parseSchedule } from '@shoal/domain/queue/schedule';
import { ShoalError } from '@shoal/domain/shared/errors';
import { nearestKey } from './nearest-key';
import type { TextMap } from './stack-file';
import { RESOURCE_KEYS, type StackKey, type ValueOf } from './stack-keys';
import type { Entry, Located, YamlReader } from './yaml-reader';

type Entries = ReadonlyMap<string, Entry>;

const NOTHING: Entries = new Map();
/** Keys that hold anchors for others, by custom. */
const EXTENSION = /^(x-|\.)/;

interface Purpose {
  readonly example?: unknown;
  /** Where the domain knows more about it. */
  readonly specField?: keyof FunctionSpecInput | undefined;
}

export const READERS: { readonly [T in keyof ValueOf]: (reader: YamlReader, value: Located, purpose: Purpose) => ValueOf[T] | undefined } = {
  text: readText,
  flag: (reader, value) => reader.flag(value),
  texts: readTexts,
  textMap: readTextMap,
  resources: readResources,
};

/** Empty text counts as none. */
export function readText(reader: YamlReader, value: Located, { example, specField }: Purpose = {}): string | undefined {
  const text = reader.text(value, example);
  if (!text) return undefined;
  if (specField) check(reader, value, specField, text);
  return text;
}

export function readTexts(reader: YamlReader, value: Located, { example, specField }: Purpose = {}): readonly string[] | undefined {
  if (reader.isEmpty(value)) return undefined;
  const items = reader.items(value, example);
  // One problem, not one for each.
  if (specField && items && items.length > MAX_SPEC_ENTRIES) return reader.fail(value, `has more than ${MAX_SPEC_ENTRIES} entries`);
  return items?.map((item) => {
    const text = reader.text(item);
    if (text === '') reader.fail(item, 'is empty');
    else if (text !== undefined && specField) check(reader, item, specField, [text]);
    return text ?? '';
  });
}

export function readTextMap(reader: YamlReader, value: Located, { example, specField }: Purpose): TextMap {
  const entries = readMap(reader, value, example);
  const texts = new Map<string, string>();
  for (const entry of entries.values()) texts.set(entry.key, reader.text(entry) ?? '');
  if (specField) checkMap(reader, value, { specField, entries, texts });
  return Object.fromEntries(texts);
}

function readResources(reader: YamlReader, value: Located, { example, specField }: Purpose): Resources {
  const entries = readMap(reader, value, example);
  warnOfUnknown(reader, entries, RESOURCE_KEYS.map(({ key }) => key));
  const texts = new Map<string, string>();
  for (const { key, field, example: amount } of RESOURCE_KEYS) {
    const text = entries.has(key) ? readText(reader, entries.get(key)!, { example: amount }) : undefined;
    if (text !== undefined) texts.set(field, text);
  }
  if (specField) checkMap(reader, value, { specField, entries, texts });
  return Object.fromEntries(texts);
}

export function readMap(reader: YamlReader, value: Located | undefined, example: unknown): Entries {
  return (value && !reader.isEmpty(value) && reader.entries(value, example)) || NOTHING;
}

export function warnOfUnknown(reader: YamlReader, entries: Entries, known: readonly StackKey['key'][]): void {
  for (const { key, at, keyLine, isAnchor } of entries.values()) {
    if (reader.isWarned) return;
    if (known.includes(key) || isAnchor || EXTENSION.test(key)) continue;
    const near = nearestKey(key, known);
    reader.warn({ at, line: keyLine }, `is not a key that is known, and is ignored${near === undefined ? '' : `; did you mean \`${near}\`?`}`);
  }
}

/** Whether the domain takes it; notes its problem when not. */
export function check(reader: YamlReader, where: Pick<Located, 'at' | 'line'>, specField: keyof FunctionSpecInput, value: unknown): void {
  if (reader.isHopeless) return;
  const message = problemOf(specField, value);
  if (message !== undefined) reader.fail(where, message.replace(/^\S+ /, ''));
}

interface CheckedMap {
  readonly specField: keyof FunctionSpecInput;
  readonly entries: Entries;
  readonly texts: ReadonlyMap<string, string>;
}

/** As `check`, at the entry that is wrong, and again without it: the domain names one at a time. */
function checkMap(reader: YamlReader, value: Located, { specField, entries, texts }: CheckedMap): void {
  const left = new Map(texts);
  for (let message = problemOf(specField, Object.fromEntries(left)); message !== undefined && !reader.isHopeless; message = problemOf(specField, Object.fromEntries(left))) {
    const text = message;
    const culprit = [...left.keys()].filter((key) => text.startsWith(`${specField}.${key} `)).sort((a, b) => b.length - a.length)[0];
    if (culprit === undefined) return reader.fail(value, text.replace(/^\S+ /, ''));
    reader.fail(entries.get(culprit)!, text.slice(`${specField}.${culprit} `.length));
    left.delete(culprit);
  }
}

/** What the domain says about one field of a function that is valid otherwise. */
function problemOf(specField: keyof FunctionSpecInput, value: unknown): string | undefined {
  const input: FunctionSpecInput = { service: 'a', namespace: 'a', image: 'a', [specField]: value };
  try {
    parseFunctionSpec(input);
    parseSchedule(input.annotations ?? {});
    return undefined;
  } catch (error) {
    if (error instanceof ShoalError) return error.message;
    throw error;
  }
}
