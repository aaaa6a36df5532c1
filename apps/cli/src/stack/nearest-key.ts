/** Of `known`, the one that somebody who wrote `key` may have meant; `undefined` when none is near. */
export function nearestKey(key: string, known: readonly string[]): string | undefined {
  const plain = simplified(key);
  const near = known
    .map((one) => ({ one, distance: distanceOf(plain, simplified(one)) }))
    .filter(({ one, distance }) => distance <= Math.min(MAX_DISTANCE, Math.ceil(plain.length / 2)) || isAbbreviation(plain, simplified(one)))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.one;
}

const MAX_DISTANCE = 3;
/** Longer than any key that we know by far. */
const MAX_LENGTH = 40;

/** Case and separators are what people mistake first: `environmentFile`, `Skip-Build`. */
function simplified(key: string): string {
  return key.slice(0, MAX_LENGTH).toLowerCase().replace(/[-_ .]/g, '');
}

function isAbbreviation(short: string, long: string): boolean {
  return short.length >= 3 && long.startsWith(short);
}

/** Characters to add, remove or replace. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
