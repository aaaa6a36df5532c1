import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { entryField } from '@shoal/domain/functions/function-spec';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  Max,
  Min,
  Validate,
  ValidateNested,
  ValidatorConstraint,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';

/*
 * One decorator a kind of field: it says at once how a field of a body is checked and how the API documentation shows
 * it, so that the two cannot drift.
 */

interface FieldOptions {
  readonly description: string;
  readonly example?: unknown;
  /** Whether it may be left out, or be null. */
  readonly optional?: boolean;
}

function field(options: FieldOptions, schema: ApiPropertyOptions, ...checks: PropertyDecorator[]): PropertyDecorator {
  const { description, example, optional = false } = options;
  const shown = { description, required: !optional, nullable: optional, ...(example === undefined ? {} : { example }), ...schema };
  return applyDecorators(ApiProperty(shown as ApiPropertyOptions), ...(optional ? [IsOptional()] : []), ...checks);
}

/** A text. One that must be there must not be empty either. */
export function TextField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: String }, IsString(), ...(options.optional ? [] : [IsNotEmpty()]));
}

export function BooleanField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: Boolean }, IsBoolean());
}

export function CountField(options: FieldOptions & { readonly max: number }): PropertyDecorator {
  const schema: ApiPropertyOptions = { type: 'integer', minimum: 0, maximum: options.max };
  return field(options, schema, IsInt(), Min(0), Max(options.max));
}

export function TextListField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: [String] }, IsArray(), IsString({ each: true }));
}

/** Names and texts: labels, annotations, environments. */
export function TextMapField(options: FieldOptions): PropertyDecorator {
  const schema = { type: 'object', additionalProperties: { type: 'string' } } as ApiPropertyOptions;
  return field(options, schema, Validate(TextMap));
}

export function NestedField(type: new () => object, options: FieldOptions): PropertyDecorator {
  return field(options, { type }, ValidateNested(), Type(() => type), Validate(PlainObject));
}

export function NestedListField(type: new () => object, options: FieldOptions): PropertyDecorator {
  return field(options, { type, isArray: true }, IsArray(), ValidateNested({ each: true }), Type(() => type), Validate(ListOfObjects));
}

@ValidatorConstraint({ name: 'textMap' })
class TextMap implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return isPlainObject(value) && Object.values(value).every((one) => typeof one === 'string');
  }

  defaultMessage({ property, value }: ValidationArguments): string {
    if (!isPlainObject(value)) return `${property} must be an object of texts`;
    const key = Object.keys(value).find((name) => typeof value[name] !== 'string');
    return `${entryField(property, key!)} must be a string`;
  }
}

/** A list in the list would be looked into, and each of its items taken for one of the outer one. */
@ValidatorConstraint({ name: 'listOfObjects' })
class ListOfObjects implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return !Array.isArray(value) || value.every(isPlainObject);
  }

  defaultMessage({ property, value }: ValidationArguments): string {
    return `${property}.${(value as unknown[]).findIndex((one) => !isPlainObject(one))} must be an object`;
  }
}

@ValidatorConstraint({ name: 'plainObject' })
class PlainObject implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return isPlainObject(value);
  }

  defaultMessage({ property }: ValidationArguments): string {
    return `${property} must be an object`;
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
