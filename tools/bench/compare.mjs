// One row of a bench: the gateway, and what it is compared with, measured in turns.
import { alternate, mediansOf, progressLine, ratiosOf } from '../measure.mjs';

/**
 * Measures the targets in alternating rounds. They are named `gateway`, `before` when an earlier one runs along, and the last is what
 * they are compared with.
 *
 * @param row `what` is measured, `beside` what, and `cost`: the field of a sample that is compared, `cpuUs` unless given.
 * @returns the row with the median of each figure, and the median over the rounds of how often it costs what the last target does.
 */
export async function compare({ what, beside, cost = 'cpuUs' }, targets, rounds, sample) {
  const base = targets.at(-1).name;
  const samples = await alternate(targets, rounds, sample, what);
  const figures = Object.fromEntries(mediansOf(samples).map(({ name, ...figures }) => [name === base ? 'beside' : name, figures]));
  const times = Object.fromEntries(targets.slice(0, -1).map(({ name }) => [name, ratiosOf(samples, name, base, cost)]));
  progressLine(`${what}: ${Object.entries(times).map(([name, { median }]) => `${name} ${median}`).join(', ')} × ${beside}`);
  return { what, beside, cost, figures, times };
}
