const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  'µs': 1e-3,
  'μs': 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const TERM = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** Of a text that can be one; policies are read again and again. */
const MAX_LENGTH = 100;

/** The longest duration that a timer here can hold: 2^31 - 1 ms, about 24.8 days. */
export const MAX_DURATION_MS = 2_147_483_647;

/**
 * Reads a duration as the OpenFaaS components write it: Go's notation (`500ms`, `1m30s`), or a bare
 * whole number of seconds.
 *
 * @returns milliseconds; `undefined` for anything else, for a negative one, and for more than `MAX_DURATION_MS`.
 */
export function parseDurationMs(text: string): number | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) return bounded(Number(trimmed) * 1_000);
  if (trimmed === '') return undefined;
  let total = 0;
  TERM.lastIndex = 0;
  while (TERM.lastIndex < trimmed.length) {
    const term = TERM.exec(trimmed);
    if (!term) return undefined;
    total += Number(term[1]) * UNIT_MS[term[2]!]!;
  }
  return bounded(total);
}

/** Writes milliseconds as people read them: `250ms`, `2s`, `1m30s`, `1h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = Math.round((ms % 60_000) / 10) / 100;
  return `${hours ? `${hours}h` : ''}${minutes ? `${minutes}m` : ''}${seconds ? `${seconds}s` : ''}`;
}

function bounded(ms: number): number | undefined {
  return ms <= MAX_DURATION_MS ? ms : undefined;
}
