import { parseFunctionSpec, type FunctionSpec } from '@shoal/domain/functions/function-spec';

/** What of a function outlives the gateway. */
export interface StoredFunction {
  readonly spec: FunctionSpec;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly replicas: number;
}

type Fields = Readonly<Record<string, unknown>>;

const MAX_REPLICAS = 1_000_000;

/** Reads what a file says. Throws an error that names the field which is wrong: what is in a file, others may have written. */
export function parseStoredFunction(text: string): StoredFunction {
  const { spec, createdAt, replicas } = fields(parseJson(text), 'it');
  const { id, image, envProcess, envVars, constraints, secrets, labels, annotations, limits, requests, readOnlyRootFilesystem, network } = fields(spec, 'spec');
  const { name, namespace } = fields(id, 'spec.id');
  if (typeof createdAt !== 'string' || Number.isNaN(Date.parse(createdAt))) throw wrong('createdAt', 'is no time');
  if (!Number.isInteger(replicas) || (replicas as number) < 0 || (replicas as number) > MAX_REPLICAS) throw wrong('replicas', 'is no count');
  return {
    spec: parseFunctionSpec({
      service: textOf('spec.id.name', name),
      namespace: textOf('spec.id.namespace', namespace),
      image: textOf('spec.image', image),
      ...optional('envProcess', envProcess, textOf),
      envVars: texts('spec.envVars', envVars),
      constraints: list('spec.constraints', constraints),
      secrets: list('spec.secrets', secrets),
      labels: texts('spec.labels', labels),
      annotations: texts('spec.annotations', annotations),
      ...optional('limits', limits, texts),
      ...optional('requests', requests, texts),
      readOnlyRootFilesystem: readOnlyRootFilesystem === true,
      ...optional('network', network, textOf),
    }),
    createdAt,
    replicas: replicas as number,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(text.trim() === '' ? 'it is empty' : 'it is not JSON');
  }
}

function optional<T>(name: string, value: unknown, parse: (field: string, value: unknown) => T): Readonly<Record<string, T>> {
  return value === undefined ? {} : { [name]: parse(`spec.${name}`, value) };
}

function fields(value: unknown, field: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(field, 'is no map');
  return value as Fields;
}

function texts(field: string, value: unknown): Readonly<Record<string, string>> {
  for (const [name, one] of Object.entries(fields(value, field))) textOf(`${field}.${name}`, one);
  return value as Readonly<Record<string, string>>;
}

function list(field: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw wrong(field, 'is no list');
  return value.map((one, index) => textOf(`${field}[${index}]`, one));
}

function textOf(field: string, value: unknown): string {
  if (typeof value !== 'string') throw wrong(field, 'is no text');
  return value;
}

function wrong(field: string, problem: string): Error {
  return new Error(`${field} ${problem}`);
}
