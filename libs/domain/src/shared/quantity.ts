const BINARY: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };

/**
 * Reads an amount of memory: `128Mi`, `1.5g`, `64 MB`, `1024` (bytes). Every unit is binary, whatever its case.
 *
 * @returns whole bytes; `undefined` when it is not an amount.
 */
export function parseMemoryBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text.trim());
  if (!match) return undefined;
  const bytes = Math.round(Number(match[1]) * BINARY[match[2]!.toLowerCase()]!);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/**
 * Reads an amount of CPU: cores (`2`, `0.5`), thousandths of one (`100m`), or nano-CPUs as Swarm counts
 * them: a whole number of 1,000,000 or more.
 *
 * @returns thousandths of a core; `undefined` when it is not an amount.
 */
export function parseCpuMillis(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m?)$/.exec(text.trim());
  if (!match) return undefined;
  const value = Number(match[1]);
  const millis = match[2] ? value : value >= 1_000_000 ? value / 1_000_000 : value * 1_000;
  return millis > 0 && millis <= 1_000_000 ? millis : undefined;
}
