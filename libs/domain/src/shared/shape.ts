/** Whether a value that somebody else has written is what it has to be. */
export type Check = (value: unknown) => boolean;

export const isText: Check = (value) => typeof value === 'string';
export const isFlag: Check = (value) => typeof value === 'boolean';
/** A number of at least zero, which may have a fraction. */
export const isAmount: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
/** A whole one. */
export const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

export const optional = (check: Check): Check => (value) => value === undefined || check(value);
export const listOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);
/** Of an object's own values, whatever their names are. */
export const mapOf = (check: Check): Check => (value) => typeof value === 'object' && value !== null && Object.values(value).every(check);
/** Of an object that has these of its own; further ones are not looked at. */
export const shape = (checks: Readonly<Record<string, Check>>): Check => (value) =>
  typeof value === 'object' && value !== null && Object.entries(checks).every(([name, check]) => check(Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined));
/** Of an object whose `tag` names one of `checks`, which it passes. */
export const variantOf = (tag: string, checks: Readonly<Record<string, Check>>): Check => {
  const isKnown = shape({ [tag]: (name) => typeof name === 'string' && Object.hasOwn(checks, name) });
  return (value) => isKnown(value) && checks[(value as Readonly<Record<string, string>>)[tag]!]!(value);
};
