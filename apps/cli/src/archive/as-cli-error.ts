import { ShoalError } from '@shoal/domain/shared/errors';
import { CliError } from '../cli-error';

/** Rethrows what an archive, or the place of a data directory, is refused with. */
export function asCliError(error: unknown): never {
  if (!(error instanceof ShoalError)) throw error;
  const conflict = error.code === 'already-exists' || error.code === 'in-use';
  throw new CliError(conflict ? 'conflict' : 'failed', error.message, undefined, { cause: error });
}
