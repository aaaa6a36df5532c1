import { CliError } from '../cli-error';
import { nearestKey } from '../stack/nearest-key';
import type { StoreFunction } from './store-function';

/** The function of exactly that name or title. Throws `notFound`, with the name that may have been meant. */
export function findFunction(functions: readonly StoreFunction[], wanted: string): StoreFunction {
  const found = functions.find(({ name }) => name === wanted) ?? functions.find(({ title }) => title === wanted);
  if (found) return found;
  const near = nearestKey(wanted, functions.flatMap(({ name, title }) => [name, title]));
  throw new CliError('notFound', `there is no function ${wanted} in the store`, near === undefined ? 'shoal store list shows what there is' : `did you mean ${near}?`);
}
