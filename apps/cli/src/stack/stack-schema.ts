import { FUNCTION_KEYS, CONFIGURATION_KEYS, PROVIDER_KEYS, PROVIDER_NAMES, RESOURCE_KEYS, STACK_VERSION, TEMPLATE_KEYS, TOP_KEYS, type StackKey, type ValueOf } from './stack-keys';

type Schema = Readonly<Record<string, unknown>>;

/** What a map takes; each becomes text. */
const SCALAR: Schema = { type: ['string', 'number', 'boolean', 'null'] };
/** Keys with nothing after them are as if they were not there. */
const TEXT: Schema = { type: ['string', 'number', 'null'] };
/** Our own or a tool's: ignored, and not pointed out. */
const EXTENSIONS: Schema = { '^(x-|\\.)': {} };

const TYPES: { readonly [T in keyof ValueOf]: Schema } = {
  text: TEXT,
  flag: { type: ['boolean', 'null'] },
  texts: { type: ['array', 'null'], items: { type: ['string', 'number'] } },
  textMap: { type: ['object', 'null'], additionalProperties: SCALAR },
  resources: { type: ['object', 'null'], properties: Object.fromEntries(RESOURCE_KEYS.map((key) => [key.key, described(TEXT, key)])), additionalProperties: false },
};

/**
 * A JSON Schema (2020-12) of stack files, for editors: they complete keys, explain them, and mark what is not one. It is
 * stricter than the command line, which ignores keys that it does not know.
 */
export function stackSchema(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Stack file of functions',
    type: 'object',
    required: ['provider'],
    properties: {
      version: described({ enum: [STACK_VERSION, Number(STACK_VERSION)] }, TOP_KEYS.version),
      provider: described({ type: 'object', required: ['name'], properties: { name: described({ enum: PROVIDER_NAMES }, PROVIDER_KEYS.name), gateway: described(TEXT, PROVIDER_KEYS.gateway) } }, TOP_KEYS.provider),
      functions: described({ type: ['object', 'null'], additionalProperties: { $ref: '#/$defs/function' } }, TOP_KEYS.functions),
      configuration: described({ type: ['object', 'null'], properties: configuration(), additionalProperties: false }, TOP_KEYS.configuration),
    },
    $defs: {
      function: {
        type: ['object', 'null'],
        properties: Object.fromEntries(FUNCTION_KEYS.map((key) => [key.key, described(TYPES[key.type], key)])),
        patternProperties: EXTENSIONS,
        additionalProperties: false,
      },
    },
  };
}

function configuration(): Schema {
  const template = { type: 'object', required: ['name'], properties: { name: described(TEXT, TEMPLATE_KEYS.name), source: described(TEXT, TEMPLATE_KEYS.source) }, additionalProperties: false };
  return {
    templates: described({ type: ['array', 'null'], items: template }, CONFIGURATION_KEYS.templates),
    copy: described(TYPES.texts, CONFIGURATION_KEYS.copy),
  };
}

function described(schema: Schema, { description, example }: StackKey): Schema {
  return { ...schema, description, examples: [example] };
}
