/** `ok`: it is here. `missing`: it is not, and not all needs it. `broken`: something has to be done. */
export type FindingState = 'ok' | 'missing' | 'broken';

/** What `doctor` says of one thing. */
export interface Finding {
  readonly name: string;
  readonly state: FindingState;
  /** In one line. */
  readonly found: string;
  /** What to do, one line each. */
  readonly hints: readonly string[];
}

export function ok(name: string, found: string): Finding {
  return { name, state: 'ok', found, hints: [] };
}

export function missing(name: string, found: string, ...hints: readonly string[]): Finding {
  return { name, state: 'missing', found, hints };
}

export function broken(name: string, found: string, ...hints: readonly string[]): Finding {
  return { name, state: 'broken', found, hints };
}
