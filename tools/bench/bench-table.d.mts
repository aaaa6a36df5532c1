interface Figures {
  readonly cpuUs?: number;
  readonly bytes?: number;
  readonly p50Us?: number;
  readonly p99Us?: number;
  readonly perSecond?: number;
}

export interface BenchRow {
  readonly what: string;
  readonly beside: string;
  readonly cost: 'cpuUs' | 'bytes';
  readonly figures: { readonly gateway: Figures; readonly before?: Figures; readonly beside?: Figures };
  readonly times: { readonly gateway?: { readonly median: number }; readonly before?: { readonly median: number } };
}

export function benchTable(rows: readonly BenchRow[]): string;
