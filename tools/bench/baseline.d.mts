export const ALLOWED: number;

export interface Verdict {
  readonly what: string;
  readonly before?: number;
  readonly now?: number;
  readonly change?: number;
  readonly verdict: 'ok' | 'too dear' | 'no baseline' | 'not measured';
}

export function compareWithBaseline(
  baseline: Readonly<Record<string, number>>,
  measured: Readonly<Record<string, number>>,
  allowed?: number,
): Verdict[];
