import type { FunctionSpecInput } from '@shoal/domain/functions/function-spec';
import { check, READERS, readMap, readText, readTexts, warnOfUnknown } from './read-values';
import type { StackFile, StackFunction } from './stack-file';
import { CONFIGURATION_KEYS, FUNCTION_KEYS, NO_FIELDS, PROVIDER_KEYS, PROVIDER_NAMES, STACK_VERSION, TEMPLATE_KEYS, TOP_KEYS, type FunctionKey } from './stack-keys';
import { YamlReader, type Entry, type Located } from './yaml-reader';

type Content = Omit<StackFile, 'path' | 'folder'>;

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
