import { ShoalError } from '../shared/errors';
import { shownText } from '../shared/shown-text';
import { parseCpuMillis, parseMemoryBytes } from '../shared/quantity';
import { parseConcurrency, parseRetryPolicy } from '../queue/retry-policy';
import { parseScalingPolicy } from '../scaling/scaling-policy';

/** Names one function: a name is unique within its namespace. */
export interface FunctionId {
  readonly name: string;
  readonly namespace: string;
}

/** Amounts as they were written (`128Mi`, `100m`), because clients compare what they read with what they sent. */
export interface Resources {
  readonly memory?: string;
  readonly cpu?: string;
}

/** All that is asked for when a function is deployed. Shape and names are those of the wire contract (§1.4.0). */
export interface FunctionSpec {
  readonly id: FunctionId;
  /** A container image; on the local provider, a bundle. */
  readonly image: string;
  /** The command; overrides the image's own. */
  readonly envProcess?: string;
  readonly envVars: Readonly<Record<string, string>>;
  readonly constraints: readonly string[];
  /** Names of secrets that the function may read. */
  readonly secrets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly limits?: Resources;
  readonly requests?: Resources;
  readonly readOnlyRootFilesystem: boolean;
  /** A network that it is to reach besides the functions' own, where the backend has networks to choose from. */
  readonly network?: string;
}

/** A spec whose shape is right (strings are strings) and whose values nobody has looked at yet. */
export interface FunctionSpecInput extends Omit<Partial<FunctionSpec>, 'id'> {
  readonly service: string;
  readonly namespace: string;
  readonly image: string;
}

/** DNS-1123 label: what Kubernetes, Swarm and a URL's host name all accept. */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SECRET_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
// eslint-disable-next-line no-control-regex -- looking for control characters is the point
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

export const MAX_NAME_LENGTH = 63;
export const MAX_SECRET_NAME_LENGTH = 253;
export const MAX_IMAGE_LENGTH = 1_024;
/** Entries of one map or list of a spec. */
export const MAX_SPEC_ENTRIES = 1_000;

/** The one text for a function: `name.namespace`, as in URLs and metrics. */
export function functionKey(id: FunctionId): string {
  return `${id.name}.${id.namespace}`;
}

/** Rejects a name that is not a DNS label, with `invalid-request` that says which `field` it was. */
export function parseName(value: string, field: string): string {
  if (value.length > MAX_NAME_LENGTH) throw invalid(field, `is longer than ${MAX_NAME_LENGTH} characters`);
  if (!NAME.test(value)) throw invalid(field, 'must consist of a-z, 0-9 and -, and begin and end with a letter or digit');
  return value;
}

/** Rejects what is no secret name (a DNS subdomain) with `invalid-request`. */
export function parseSecretName(value: string, field: string): string {
  if (value.length > MAX_SECRET_NAME_LENGTH) throw invalid(field, `is longer than ${MAX_SECRET_NAME_LENGTH} characters`);
  if (!SECRET_NAME.test(value) || value.includes('..')) {
    throw invalid(field, 'must consist of a-z, 0-9, - and ., and begin and end with a letter or digit');
  }
  return value;
}

/** Turns input of the right shape into a valid spec, or rejects it with `invalid-request` naming the field. */
export function parseFunctionSpec(input: FunctionSpecInput): FunctionSpec {
  const labels = parseTextMap(input.labels, 'labels');
  const annotations = parseTextMap(input.annotations, 'annotations');
  parseScalingPolicy(labels);
  parseRetryPolicy(annotations);
  parseConcurrency(annotations);
  return {
    id: { name: parseName(input.service, 'service'), namespace: parseName(input.namespace, 'namespace') },
    image: parseImage(input.image),
    ...(input.envProcess ? { envProcess: parseText(input.envProcess, 'envProcess') } : {}),
    envVars: parseEnv(input.envVars),
    constraints: parseList(input.constraints, 'constraints', parseText),
    secrets: parseList(input.secrets, 'secrets', parseSecretName),
    labels,
    annotations,
    ...(input.limits ? { limits: parseResources(input.limits, 'limits') } : {}),
    ...(input.requests ? { requests: parseResources(input.requests, 'requests') } : {}),
    readOnlyRootFilesystem: input.readOnlyRootFilesystem ?? false,
    ...(input.network ? { network: parseText(input.network, 'network') } : {}),
  };
}

function parseImage(image: string): string {
  if (image.trim() === '') throw invalid('image', 'must not be empty');
  if (image.length > MAX_IMAGE_LENGTH) throw invalid('image', `is longer than ${MAX_IMAGE_LENGTH} characters`);
  if (/\s/.test(image)) throw invalid('image', 'must not contain spaces or line breaks');
  return parseText(image, 'image');
}

function parseEnv(env: FunctionSpecInput['envVars']): Readonly<Record<string, string>> {
  const parsed = parseTextMap(env, 'envVars');
  for (const name of Object.keys(parsed)) {
    if (!ENV_NAME.test(name)) throw invalid(entryField('envVars', name), 'is not a name for an environment variable');
  }
  return parsed;
}

/** Rejects a map with too many entries, an empty name or a control character, with `invalid-request` naming the `field`. */
export function parseTextMap(map: Readonly<Record<string, string>> | undefined, field: string): Readonly<Record<string, string>> {
  const entries = Object.entries(map ?? {});
  if (entries.length > MAX_SPEC_ENTRIES) throw invalid(field, `has more than ${MAX_SPEC_ENTRIES} entries`);
  for (const [key, value] of entries) {
    if (key === '') throw invalid(field, 'has an entry with an empty name');
    parseText(key, entryField(field, key));
    parseText(value, entryField(field, key));
  }
  return Object.fromEntries(entries);
}

function parseList(
  list: readonly string[] | undefined,
  field: string,
  parse: (value: string, field: string) => string,
): readonly string[] {
  const values = list ?? [];
  if (values.length > MAX_SPEC_ENTRIES) throw invalid(field, `has more than ${MAX_SPEC_ENTRIES} entries`);
  if (new Set(values).size !== values.length) throw invalid(field, 'names the same thing twice');
  return values.map((value, index) => parse(value, `${field}[${index}]`));
}

function parseResources(resources: Resources, field: string): Resources {
  const { memory, cpu } = resources;
  if (memory && parseMemoryBytes(memory) === undefined) {
    throw invalid(`${field}.memory`, 'is not an amount of memory such as 128Mi');
  }
  if (cpu && parseCpuMillis(cpu) === undefined) throw invalid(`${field}.cpu`, 'is not an amount of CPU such as 100m or 0.5');
  return { ...(memory ? { memory } : {}), ...(cpu ? { cpu } : {}) };
}

function parseText(value: string, field: string): string {
  if (CONTROL.test(value)) throw invalid(field, 'contains a control character');
  return value;
}

/** How an entry of a map is named in messages: `labels.a`; shortened, and without control characters. */
export function entryField(field: string, key: string): string {
  return `${field}.${shownText(key)}`;
}

function invalid(field: string, problem: string): ShoalError {
  return new ShoalError('invalid-request', `${field} ${problem}`);
}
