import { parseName } from '@shoal/domain/functions/function-spec';
import { messageOf } from '@shoal/domain/shared/errors';
import { CliError } from '../cli-error';
import type { StackFunction } from './stack-file';
import { NO_FIELDS } from './stack-keys';

export interface FunctionFlags {
  readonly name?: string | undefined;
  readonly image?: string | undefined;
  readonly lang?: string | undefined;
  readonly handler?: string | undefined;
  readonly fprocess?: string | undefined;
}

/** A function as if a stack file had it that says no more than the flags. Throws `CliError` when they do not name one. */
export function functionOfFlags({ name, image, lang, handler, fprocess }: FunctionFlags): StackFunction {
  if (!name) throw new CliError('usage', 'there is no stack.yml here, and no --name', 'write --image IMAGE --name NAME, or -f FILE for a stack file elsewhere');
  try {
    parseName(name, '--name');
  } catch (error) {
    throw new CliError('usage', messageOf(error), 'such as --name echo');
  }
  return {
    ...NO_FIELDS,
    name,
    ...(image ? { image } : {}),
    ...(lang ? { lang } : {}),
    ...(handler ? { handler } : {}),
    ...(fprocess ? { fprocess } : {}),
  };
}
