import { messageOf } from '@shoal/domain/shared/errors';
import { CliError } from '../cli-error';
import { matchesGlob } from './glob';

/** Empty texts count as none. */
export interface Selection {
  /** `*` stands for any text; the whole name must match. */
  readonly filter?: string | undefined;
  /** JavaScript's syntax; any part of the name may match. */
  readonly regex?: string | undefined;
}

/**
 * What decides whether a function of that name is meant; `undefined` when all are.
 *
 * @throws CliError `usage` for both at once, and for what is no regular expression.
 */
export function selectorOf({ filter, regex }: Selection): ((name: string) => boolean) | undefined {
  if (filter && regex) throw new CliError('usage', 'pass in a regex or a filter, not both', 'leave out --filter or --regex');
  if (filter) return (name) => matchesGlob(name, filter);
  if (!regex) return undefined;
  try {
    const expression = new RegExp(regex);
    return (name) => expression.test(name);
  } catch (error) {
    throw new CliError('usage', `--regex is no regular expression: ${messageOf(error)}`, 'it has the syntax of JavaScript; --filter takes a name with * in it');
  }
}

/** The functions that are meant. Throws `CliError` when some are asked for and none is there. */
export function selectFunctions<F>(functions: ReadonlyMap<string, F>, isMeant: ((name: string) => boolean) | undefined): ReadonlyMap<string, F> {
  if (!isMeant) return functions;
  const selected = new Map([...functions].filter(([name]) => isMeant(name)));
  if (selected.size > 0) return selected;
  const names = [...functions.keys()];
  const shown = names.slice(0, MAX_NAMES_SHOWN).join(', ') + (names.length > MAX_NAMES_SHOWN ? ' …' : '');
  throw new CliError('notFound', 'no functions matching --filter/--regex were found in the YAML file', names.length > 0 ? `it has ${shown}` : 'it has no functions');
}

const MAX_NAMES_SHOWN = 20;
