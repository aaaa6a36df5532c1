import { parseName } from '@shoal/domain/functions/function-spec';
import { messageOf } from '@shoal/domain/shared/errors';
import { isSeq } from 'yaml';
import type { TextMap } from '../stack/stack-file';
import { YamlReader, type Entry, type Located } from '../stack/yaml-reader';
import type { StoreFunction } from './store-function';

/** What the oldest stores, which name one image only, have it for. */
const OLD_PLATFORM = 'x86_64';

/**
 * Reads the text of a function store: `{functions: […]}`, or the bare list of old ones. Unknown keys are ignored. Pure.
 *
 * @param path what problems name.
 * @throws CliError `usage` with all problems, one a line, each with its line in the text.
 */
export function readStore(text: string, path: string): readonly StoreFunction[] {
  // JSON is YAML; read as that, everything knows its line.
  const reader = new YamlReader(text, path);
  const functions = reader.isBroken ? [] : itemsOf(reader).flatMap((item) => readEntry(reader, item) ?? []);
  reader.throwProblems('is that the URL or the file of a function store?');
  return functions;
}

function itemsOf(reader: YamlReader): readonly Located[] {
  const { root } = reader;
  if (isSeq(root.node)) return reader.items(root) ?? [];
  const functions = reader.entries(root, { functions: [] })?.get('functions');
  if (functions) return reader.items(functions) ?? [];
  // Else it has been told already.
  if (reader.entries(root)) reader.fail(root, 'it has no list "functions"');
  return [];
}

function readEntry(reader: YamlReader, item: Located): StoreFunction | undefined {
  const entries = reader.entries(item, { name: 'echo', images: { x86_64: 'shoal/echo:1' } });
  if (!entries) return undefined;
  const text = (key: string) => (entries.has(key) ? reader.text(entries.get(key)!) || undefined : undefined);
  const map = (key: string) => readMap(reader, entries.get(key));
  const name = text('name');
  if (name === undefined) return reader.fail(item, 'has no name');
  checkName(reader, entries.get('name')!, name);
  const image = text('image');
  const images = { ...(image === undefined ? {} : { [OLD_PLATFORM]: image }), ...lowerCased(map('images')) };
  if (Object.keys(images).length === 0) reader.fail(entries.get('images') ?? item, 'names no image');
  const readOnly = entries.get('readOnlyRootFilesystem');
  return withoutUndefined({
    name,
    title: text('title') ?? name,
    description: text('description') ?? text('title') ?? '',
    author: text('author'),
    images,
    fprocess: text('fprocess'),
    repoUrl: text('repo_url'),
    icon: text('icon'),
    readOnlyRootFilesystem: (readOnly && !reader.isEmpty(readOnly) && reader.flag(readOnly)) ?? false,
    environment: map('environment'),
    labels: map('labels'),
    annotations: map('annotations'),
  });
}

function readMap(reader: YamlReader, value: Entry | undefined): TextMap {
  if (!value || reader.isEmpty(value)) return {};
  return Object.fromEntries([...(reader.entries(value)?.values() ?? [])].map((entry) => [entry.key, reader.text(entry) ?? '']));
}

function checkName(reader: YamlReader, where: Located, name: string): void {
  try {
    parseName(name, 'name');
  } catch (error) {
    reader.fail(where, messageOf(error).replace(/^name /, ''));
  }
}

function lowerCased(map: TextMap): TextMap {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key.toLowerCase(), value]));
}

function withoutUndefined(fields: { readonly [Key in keyof StoreFunction]-?: StoreFunction[Key] | undefined }): StoreFunction {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as StoreFunction;
}
