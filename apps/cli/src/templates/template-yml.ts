import { parse } from 'yaml';
import { CliError } from '../cli-error';

/** One way to install what a function depends on. */
export interface InstallStep {
  /** File in the handler's folder without which there is nothing to install; nor is there when it has only blank lines and comments. */
  readonly when: string;
  /** Text that `when` must hold as well. */
  readonly contains?: string;
  /** Run in a copy of the handler's folder; what is new there afterwards is what was installed. */
  readonly run: readonly string[];
}

/** What a `template.yml` says; what it does not say is `undefined`, so that a template can be based on another. */
export interface TemplateYml {
  readonly language?: string;
  readonly fprocess?: string;
  readonly buildOptions?: readonly { readonly name: string; readonly packages: readonly string[] }[];
  readonly welcomeMessage?: string;
  readonly handlerFolder?: string;
  readonly mountSsh?: boolean;
  readonly basedOn?: string;
  readonly handlerFiles?: readonly string[];
  readonly stripTypes?: boolean;
  readonly install?: readonly InstallStep[];
  readonly build?: readonly string[];
}

/** Unknown keys are ignored. Throws `usage` when what is known has the wrong shape; `file` is for the message. */
export function parseTemplateYml(text: string, file: string): TemplateYml {
  const root = mapOf(parseYaml(text, file), file, 'it');
  const bundle = mapOf(root['bundle'] ?? {}, file, 'bundle');
  const of = <T>(map: Fields, key: string, shape: Shape<T>) => (map[key] === undefined || map[key] === null ? undefined : shape(map[key], file, map === bundle ? `bundle.${key}` : key));
  return withoutUndefined({
    language: of(root, 'language', textOf),
    fprocess: of(root, 'fprocess', textOf),
    buildOptions: of(root, 'build_options', listOf(buildOptionOf)),
    welcomeMessage: of(root, 'welcome_message', textOf),
    handlerFolder: of(root, 'handler_folder', innerPathOf),
    mountSsh: of(root, 'mount_ssh', booleanOf),
    basedOn: of(root, 'based_on', textOf),
    handlerFiles: of(root, 'handler_files', listOf(innerPathOf)),
    stripTypes: of(root, 'strip_types', booleanOf),
    install: of(bundle, 'install', listOf(installStepOf)),
    build: of(bundle, 'build', commandOf),
  });
}

type Fields = Readonly<Record<string, unknown>>;
type Shape<T> = (value: unknown, file: string, key: string) => T;

function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text) ?? {};
  } catch (error) {
    throw new CliError('usage', `${file} is not YAML: ${(error as Error).message}`);
  }
}

function mapOf(value: unknown, file: string, key: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(file, key, 'a map of keys and values');
  return value as Fields;
}

function textOf(value: unknown, file: string, key: string): string {
  if (typeof value !== 'string') throw wrong(file, key, 'a text');
  return value;
}

function booleanOf(value: unknown, file: string, key: string): boolean {
  if (typeof value !== 'boolean') throw wrong(file, key, 'true or false');
  return value;
}

/** A path that stays in the folder it is relative to. */
function innerPathOf(value: unknown, file: string, key: string): string {
  const path = textOf(value, file, key);
  if (path === '' || path.startsWith('/') || path.split('/').includes('..')) throw wrong(file, key, 'a path within the folder');
  return path;
}

function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value, file, key) => {
    if (!Array.isArray(value)) throw wrong(file, key, 'a list');
    return value.map((item, index) => shape(item, file, `${key}[${index}]`));
  };
}

function commandOf(value: unknown, file: string, key: string): readonly string[] {
  const command = listOf(textOf)(value, file, key);
  if (command.length === 0) throw wrong(file, key, 'a command and its arguments');
  return command;
}

function buildOptionOf(value: unknown, file: string, key: string): { name: string; packages: readonly string[] } {
  const { name, packages } = mapOf(value, file, key);
  return { name: textOf(name, file, `${key}.name`), packages: listOf(textOf)(packages ?? [], file, `${key}.packages`) };
}

function installStepOf(value: unknown, file: string, key: string): InstallStep {
  const { when, contains, run } = mapOf(value, file, key);
  return {
    when: innerPathOf(when, file, `${key}.when`),
    ...(contains === undefined ? {} : { contains: textOf(contains, file, `${key}.contains`) }),
    run: commandOf(run, file, `${key}.run`),
  };
}

function wrong(file: string, key: string, what: string): CliError {
  return new CliError('usage', `${file}: ${key} must be ${what}`);
}

function withoutUndefined(fields: { readonly [Key in keyof TemplateYml]-?: TemplateYml[Key] | undefined }): TemplateYml {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
