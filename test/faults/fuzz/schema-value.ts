import { nonsense } from './nonsense';
import type { Random } from '../random';

/** A schema of OpenAPI 3.0, as far as our descriptions use it. */
export interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly nullable?: boolean;
  readonly example?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface SchemaContext {
  readonly random: Random;
  readonly schemas: Readonly<Record<string, Schema>>;
  /** What a field of that name may well hold; `undefined` leaves it to the schema. */
  readonly known: (field: string) => unknown;
}

/** A value that the schema allows. */
export function valueOf(schema: Schema, field: string, context: SchemaContext): unknown {
  const { random, schemas, known } = context;
  const whole = schema.$ref ? schemas[schema.$ref.split('/').at(-1)!]! : schema.allOf?.[0] ? valueSchema(schema, schemas) : schema;
  if (whole.nullable && random.chance(0.03)) return null;
  const meant = known(field);
  if (meant !== undefined) return meant;
  switch (whole.type) {
    case 'object': {
      if (!whole.properties) return whole.example ?? {};
      const fields = Object.entries(whole.properties).filter(([name]) => whole.required?.includes(name) || random.chance(0.35));
      return Object.fromEntries(fields.map(([name, one]) => [name, valueOf(one, name, context)]));
    }
    case 'array':
      return random.some(3, () => valueOf(whole.items ?? {}, field, context));
    case 'integer':
    case 'number':
      return (whole.minimum ?? 0) + random.below(Math.min(4, (whole.maximum ?? 4) - (whole.minimum ?? 0) + 1));
    case 'boolean':
      return random.chance(0.5);
    case 'string':
      return whole.example ?? random.pick(['a', 'text', 'some-text']);
    default:
      return nonsense(random);
  }
}

function valueSchema(schema: Schema, schemas: SchemaContext['schemas']): Schema {
  const [first] = schema.allOf!;
  return { ...schemas[first!.$ref!.split('/').at(-1)!]!, nullable: schema.nullable ?? false };
}
