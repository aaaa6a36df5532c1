import { appendFileSync } from 'node:fs';

/** One row of the table that `npm run test:faults` prints. */
export interface FaultRow {
  /** Protocol, fuzzing, processes, load, access, upgrade. */
  readonly area: string;
  /** What was done, to what. */
  readonly done: string;
  /** How often, with its unit: `20 rounds of 5,000 calls`. */
  readonly times: string;
  /** What was lost: `nothing`, or what and how much. */
  readonly lost: string;
  /** What the caller saw meanwhile. */
  readonly seen: string;
}

/** `npm run test:faults` without `--short`. */
const isLong = process.env['SHOAL_FAULTS'] === 'long';

/** What a run begins its random choices with; a failure says it, and `SHOAL_FAULT_SEED` makes it happen again. The short form always runs the same. */
export const faultSeed = Number(process.env['SHOAL_FAULT_SEED'] ?? (isLong ? Date.now() % 2 ** 31 : 1));

/** The number for the form that runs: the short one within `npm test`, the long one by hand. */
export const howMany = ({ short, long }: { readonly short: number; readonly long: number }): number => (isLong ? long : short);

/** Adds a row, of figures that were counted in this run. To be called after what it says was asserted. */
export function faultRow(row: FaultRow): void {
  const file = process.env['SHOAL_FAULT_TABLE'];
  if (file) appendFileSync(file, `${JSON.stringify(row)}\n`);
}
