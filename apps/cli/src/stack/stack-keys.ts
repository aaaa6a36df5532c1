import type { Resources } from '@shoal/domain/functions/function-spec';
import type { StackFunction, TextMap } from './stack-file';

/** What the value of a key may be. */
export interface ValueOf {
  readonly text: string;
  readonly flag: boolean;
  readonly texts: readonly string[];
  readonly textMap: TextMap;
  readonly resources: Resources;
}

export interface StackKey {
  /** As it stands in the file. */
  readonly key: string;
  /** One sentence or two, for people. */
  readonly description: string;
  readonly example: unknown;
}

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type TypeOf<Value> = { [T in keyof ValueOf]: Same<Value, ValueOf[T]> extends true ? T : never }[keyof ValueOf];
/** The field that a key fills, and a type that is the field's. */
type Typed<Target> = { [F in keyof Target]-?: { readonly field: F; readonly type: TypeOf<NonNullable<Target[F]>> } }[keyof Target];

export type FunctionKey = StackKey & Typed<Omit<StackFunction, 'name'>>;
export type ResourceKey = StackKey & Typed<Resources>;

/** One table for validation, the schema and the documentation. */
export const FUNCTION_KEYS: readonly FunctionKey[] = [
  { key: 'lang', field: 'lang', type: 'text', description: 'The template that it is built with, or `dockerfile` when the handler folder has a Dockerfile of its own.', example: 'node' },
  { key: 'handler', field: 'handler', type: 'text', description: 'The folder with its code.', example: './echo' },
  { key: 'image', field: 'image', type: 'text', description: 'The image that is built and deployed; on the local provider, a bundle.', example: 'registry.example.com/team/echo:1.0' },
  { key: 'fprocess', field: 'fprocess', type: 'text', description: 'The command that is run for a call; the template or the image has one of its own.', example: 'node index.js' },
  { key: 'environment', field: 'environment', type: 'textMap', description: 'Environment variables. Not for secrets.', example: { exec_timeout: '10s' } },
  { key: 'environment_file', field: 'environmentFiles', type: 'texts', description: 'Files with more of them, each a map under `environment:`. A later file wins over an earlier one, and a file over `environment`.', example: ['env.yml'] },
  { key: 'secrets', field: 'secrets', type: 'texts', description: 'Names of the secrets that it may read.', example: ['api-key'] },
  { key: 'skip_build', field: 'skipBuild', type: 'flag', description: 'Whether `build` and `push` leave it out, because its image exists.', example: true },
  { key: 'constraints', field: 'constraints', type: 'texts', description: 'Where it may run, in the words of the orchestrator.', example: ['node.role == worker'] },
  { key: 'labels', field: 'labels', type: 'textMap', description: 'Labels. Those that begin with `com.openfaas.scale.` say how it scales.', example: { 'com.openfaas.scale.max': '5' } },
  { key: 'annotations', field: 'annotations', type: 'textMap', description: 'Annotations, for schedules and retries among other things.', example: { schedule: '*/5 * * * *' } },
  { key: 'limits', field: 'limits', type: 'resources', description: 'The most memory and CPU that a replica may use.', example: { memory: '128Mi', cpu: '500m' } },
  { key: 'requests', field: 'requests', type: 'resources', description: 'The memory and CPU that are reserved for a replica.', example: { memory: '64Mi', cpu: '100m' } },
  { key: 'readonly_root_filesystem', field: 'readOnlyRootFilesystem', type: 'flag', description: 'Whether its root filesystem is read-only, `/tmp` excepted. Not on the local provider.', example: true },
  { key: 'build_args', field: 'buildArgs', type: 'textMap', description: 'Build arguments. The packages in `ADDITIONAL_PACKAGE` join those of the build options.', example: { NODE_ENV: 'production' } },
  { key: 'build_options', field: 'buildOptions', type: 'texts', description: 'Names of build options of the template.', example: ['dev'] },
  { key: 'platforms', field: 'platforms', type: 'text', description: 'The platforms to publish it for, with commas between them.', example: 'linux/amd64,linux/arm64' },
  { key: 'build_secrets', field: 'buildSecrets', type: 'textMap', description: 'Secrets for the build alone: name and file. Read for compatibility, and not used.', example: { npmrc: './.npmrc' } },
  { key: 'namespace', field: 'namespace', type: 'text', description: 'The namespace that it is deployed to.', example: 'staging' },
];

export const RESOURCE_KEYS: readonly ResourceKey[] = [
  { key: 'memory', field: 'memory', type: 'text', description: 'Memory, in binary units.', example: '128Mi' },
  { key: 'cpu', field: 'cpu', type: 'text', description: 'CPU, in cores or thousandths of one.', example: '100m' },
];

export const TOP_KEYS = {
  version: { key: 'version', description: 'The version of this format. There is one.', example: '1.0' },
  provider: { key: 'provider', description: 'Where the functions are deployed to.', example: { name: 'openfaas', gateway: 'http://127.0.0.1:8080' } },
  functions: { key: 'functions', description: 'The functions, by name: a-z, 0-9 and -, at most 63 characters.', example: { echo: { lang: 'node', handler: './echo', image: 'echo:latest' } } },
  configuration: { key: 'configuration', description: 'What all functions of the file share.', example: { copy: ['./common'] } },
} as const satisfies Readonly<Record<string, StackKey>>;

export const PROVIDER_KEYS = {
  name: { key: 'name', description: 'What kind of gateway it is. Both names mean the same.', example: 'openfaas' },
  gateway: { key: 'gateway', description: 'URL of the gateway. `--gateway` goes before it.', example: 'http://127.0.0.1:8080' },
} as const satisfies Readonly<Record<string, StackKey>>;

export const CONFIGURATION_KEYS = {
  templates: { key: 'templates', description: 'Templates that a build fetches when they are not there.', example: [{ name: 'node18', source: 'https://github.com/openfaas/templates' }] },
  copy: { key: 'copy', description: 'Files and folders of the project that are copied into each function\'s folder for the build.', example: ['./common'] },
} as const satisfies Readonly<Record<string, StackKey>>;

export const TEMPLATE_KEYS = {
  name: { key: 'name', description: 'Name of the template.', example: 'node18' },
  source: { key: 'source', description: 'Git URL of the repository that has it; the template store is asked when there is none.', example: 'https://github.com/openfaas/templates#master' },
} as const satisfies Readonly<Record<string, StackKey>>;

export const PROVIDER_NAMES: readonly string[] = ['openfaas', 'shoal'];
export const STACK_VERSION = '1.0';

/** A function whose keys are all left out. */
export const NO_FIELDS: Omit<StackFunction, 'name'> = {
  environment: {},
  environmentFiles: [],
  secrets: [],
  skipBuild: false,
  labels: {},
  annotations: {},
  readOnlyRootFilesystem: false,
  buildArgs: {},
  buildOptions: [],
  buildSecrets: {},
};
