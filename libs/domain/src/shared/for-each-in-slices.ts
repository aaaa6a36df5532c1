import type { Clock } from './clock';

/** About a millisecond of work. */
export const SLICE = 250;

/** Does `action` for each value; after every slice of them, everybody else has a turn. Values may come and go meanwhile, as in a `Map`. */
export async function forEachInSlices<T>(values: Iterable<T>, clock: Clock, action: (value: T) => void): Promise<void> {
  let left = SLICE;
  for (const value of values) {
    action(value);
    if (--left > 0) continue;
    await new Promise<void>((resolve) => clock.after(0, resolve));
    left = SLICE;
  }
}
