import { plural } from '../ui/words';
import type { DeployForm } from './form';

/** `none`, `1 label`, `3 labels`. */
export function count(number: number, what: string): string {
  return number === 0 ? `no ${what}s` : plural(number, what);
}

/** Limits in a few words. */
export function resourcesDigest({ limits, requests }: Pick<DeployForm, 'limits' | 'requests'>): string {
  const parts = [limits.memory && `${limits.memory} memory`, limits.cpu && `${limits.cpu} CPU`].filter(Boolean);
  if (parts.length > 0) return `${parts.join(', ')} at most`;
  return requests.memory || requests.cpu ? 'something reserved' : 'no limits';
}
