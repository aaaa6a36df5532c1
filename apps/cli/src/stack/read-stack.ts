import { parseFunctionSpec, type FunctionSpecInput, type Resources } from '@shoal/domain/functions/function-spec';
import { parseSchedule } from '@shoal/domain/queue/schedule';
import { ShoalError } from '@shoal/domain/shared/errors';
import { nearestKey } from './nearest-key';
import type { StackFile, StackFunction, TextMap } from './stack-file';
import { CONFIGURATION_KEYS, FUNCTION_KEYS, PROVIDER_KEYS, PROVIDER_NAMES, RESOURCE_KEYS, STACK_VERSION, TEMPLATE_KEYS, TOP_KEYS } from './stack-keys';
import type { FunctionKey, StackKey, ValueOf } from './stack-keys';
import { YamlReader, type Entry, type Located } from './yaml-reader';

type Entries = ReadonlyMap<string, Entry>;
type Content = Omit<StackFile, 'path' | 'folder'>;

const NOTHING: Entries = new Map();
/** Keys that hold anchors for others, by custom. */
const EXTENSION = /^(x-|\.)/;

/** What the domain calls a field, where it checks it. */
const SPEC_FIELDS: Readonly<Partial<Record<FunctionKey['field'], keyof FunctionSpecInput>>> = {
  image: 'image',
  fprocess: 'envProcess',
  namespace: 'namespace',
  environment: 'envVars',
  secrets: 'secrets',
  constraints: 'constraints',
  labels: 'labels',
  annotations: 'annotations',
  limits: 'limits',
  requests: 'requests',
};

/**
 * Reads the text of a stack file, after substitution. Unknown keys are ignored, with a warning. Pure.
 *
 * @param path what problems and warnings name.
 * @throws CliError `usage` with all problems, one a line.
 */
export function readStack(text: string, path: string): Content {
  const reader = new YamlReader(text, path);
  const content = reader.isBroken ? undefined : readContent(reader);
  reader.throwProblems('docs/stack-file.md lists the keys and what they take');
  return { ...content!, warnings: reader.warnings };
}

function readContent(reader: YamlReader): Omit<Content, 'warnings'> | undefined {
  if (reader.isEmpty(reader.root)) return reader.fail(reader.root, 'it is empty; it needs provider and functions');
  const top = reader.entries(reader.root);
  if (!top) return undefined;
  warnOfUnknown(reader, top, Object.keys(TOP_KEYS));
  const version = top.get('version');
  const versionText = version && readText(reader, version);
  if (version && versionText !== undefined && versionText !== STACK_VERSION) reader.fail(version, `must be ${STACK_VERSION}, the only version that there is`);
  return {
    provider: readProvider(reader, top.get('provider')),
    functions: readFunctions(reader, top.get('functions')),
    configuration: readConfiguration(reader, top.get('configuration')),
  };
}

function readProvider(reader: YamlReader, value: Entry | undefined): StackFile['provider'] {
  const entries = readMap(reader, value, TOP_KEYS.provider.example);
  warnOfUnknown(reader, entries, Object.keys(PROVIDER_KEYS));
  const nameEntry = entries.get('name');
  const name = nameEntry && readText(reader, nameEntry);
  const gateway = entries.has('gateway') ? readText(reader, entries.get('gateway')!) : undefined;
  const choices = PROVIDER_NAMES.join(' or ');
  if (name === undefined) reader.fail({ at: 'provider.name', line: nameEntry?.keyLine ?? value?.keyLine ?? 1 }, `is missing; it is ${choices}`);
  else if (!PROVIDER_NAMES.includes(name)) reader.fail(nameEntry!, `must be ${choices}`);
  return { name: name ?? '', ...(gateway === undefined ? {} : { gateway }) };
}

function readFunctions(reader: YamlReader, value: Entry | undefined): ReadonlyMap<string, StackFunction> {
  const functions = new Map<string, StackFunction>();
  for (const entry of readMap(reader, value, TOP_KEYS.functions.example).values()) {
    check(reader, { at: entry.at, line: entry.keyLine }, 'service', entry.key);
    functions.set(entry.key, readFunction(reader, entry));
  }
  return functions;
}

function readFunction(reader: YamlReader, entry: Entry): StackFunction {
  const entries = readMap(reader, entry, TOP_KEYS.functions.example.echo);
  warnOfUnknown(reader, entries, FUNCTION_KEYS.map(({ key }) => key));
  const fields: Record<string, unknown> = {};
  for (const { key, field, type, example } of FUNCTION_KEYS) {
    const value = entries.get(key);
    const read = value && !reader.isEmpty(value) ? READERS[type](reader, value, { example, specField: SPEC_FIELDS[field] }) : undefined;
    if (read !== undefined) fields[field] = read;
  }
  return { ...NO_FIELDS, ...fields, name: entry.key };
}

const NO_FIELDS: Omit<StackFunction, 'name'> = {
  environment: {}, environmentFiles: [], secrets: [], skipBuild: false, labels: {}, annotations: {},
  readOnlyRootFilesystem: false, buildArgs: {}, buildOptions: [], buildSecrets: {},
};

interface Purpose {
  readonly example?: unknown;
  /** Where the domain knows more about it. */
  readonly specField?: keyof FunctionSpecInput | undefined;
}

const READERS: { readonly [T in keyof ValueOf]: (reader: YamlReader, value: Located, purpose: Purpose) => ValueOf[T] | undefined } = {
  text: readText,
  flag: (reader, value) => reader.flag(value),
  texts: readTexts,
  textMap: readTextMap,
  resources: readResources,
};

/** Empty text counts as none. */
function readText(reader: YamlReader, value: Located, { example, specField }: Purpose = {}): string | undefined {
  const text = reader.text(value, example);
  if (!text) return undefined;
  if (specField) check(reader, value, specField, text);
  return text;
}

function readTexts(reader: YamlReader, value: Located, { example, specField }: Purpose = {}): readonly string[] | undefined {
  if (reader.isEmpty(value)) return undefined;
  return reader.items(value, example)?.map((item) => {
    const text = reader.text(item);
    if (text === '') reader.fail(item, 'is empty');
    else if (text !== undefined && specField) check(reader, item, specField, [text]);
    return text ?? '';
  });
}

function readTextMap(reader: YamlReader, value: Located, { example, specField }: Purpose): TextMap {
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

function readConfiguration(reader: YamlReader, value: Entry | undefined): StackFile['configuration'] {
  const entries = readMap(reader, value, TOP_KEYS.configuration.example);
  warnOfUnknown(reader, entries, Object.keys(CONFIGURATION_KEYS));
  const templates = entries.get('templates');
  const copy = entries.get('copy');
  const items = templates && !reader.isEmpty(templates) ? reader.items(templates, CONFIGURATION_KEYS.templates.example) : [];
  return {
    templates: (items ?? []).map((item) => readTemplate(reader, item)),
    copy: (copy && readTexts(reader, copy, { example: CONFIGURATION_KEYS.copy.example })) ?? [],
  };
}

function readTemplate(reader: YamlReader, item: Located): StackFile['configuration']['templates'][number] {
  const entries = readMap(reader, item, CONFIGURATION_KEYS.templates.example[0]);
  warnOfUnknown(reader, entries, Object.keys(TEMPLATE_KEYS));
  const name = entries.has('name') ? readText(reader, entries.get('name')!) : undefined;
  const source = entries.has('source') ? readText(reader, entries.get('source')!) : undefined;
  if (name === undefined) reader.fail(item, 'has no name');
  return { name: name ?? '', ...(source === undefined ? {} : { source }) };
}

function readMap(reader: YamlReader, value: Located | undefined, example: unknown): Entries {
  return (value && !reader.isEmpty(value) && reader.entries(value, example)) || NOTHING;
}

function warnOfUnknown(reader: YamlReader, entries: Entries, known: readonly StackKey['key'][]): void {
  for (const { key, at, keyLine, isAnchor } of entries.values()) {
    if (known.includes(key) || isAnchor || EXTENSION.test(key)) continue;
    const near = nearestKey(key, known);
    reader.warn({ at, line: keyLine }, `is not a key that is known, and is ignored${near === undefined ? '' : `; did you mean \`${near}\`?`}`);
  }
}

/** Whether the domain takes it; notes its problem when not. */
function check(reader: YamlReader, where: Pick<Located, 'at' | 'line'>, specField: keyof FunctionSpecInput, value: unknown): void {
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
  for (let message = problemOf(specField, Object.fromEntries(left)); message !== undefined; message = problemOf(specField, Object.fromEntries(left))) {
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
