import { ShoalError } from '../../shared/errors';
import type { SeededRandom } from './seeded-random';

export const DISTRIBUTIONS = ['fixed', 'exponential', 'log-normal'] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

/** How long a replica takes for one call. */
export interface ServiceTime {
  readonly meanMs: number;
  readonly distribution: Distribution;
}

/** Of the logarithm: one call in a hundred takes more than six times the mean. */
const LOG_NORMAL_SIGMA = 1;

/** Rejects a name that is none with `invalid-request`. */
export function parseDistribution(text: string): Distribution {
  const distribution = DISTRIBUTIONS.find((one) => one === text);
  if (!distribution) throw new ShoalError('invalid-request', `a service time is one of ${DISTRIBUTIONS.join(', ')}, not ${text}`);
  return distribution;
}

/** The time of one call, in milliseconds. */
export function drawServiceMs({ meanMs, distribution }: ServiceTime, random: SeededRandom): number {
  switch (distribution) {
    case 'fixed':
      return meanMs;
    case 'exponential':
      return random.exponential(meanMs);
    case 'log-normal':
      return meanMs * Math.exp(LOG_NORMAL_SIGMA * random.normal() - LOG_NORMAL_SIGMA ** 2 / 2);
  }
}
