import './status-badge.css';

const WORDS: Readonly<Record<string, string>> = { 1: 'informs', 2: 'success', 3: 'redirect', 4: 'refused', 5: 'failed' };

export interface StatusBadgeProps {
  /** `3xx` when it is not known which one. */
  readonly status: number | '3xx';
  /** The reason that came with it: any text, of the function's choice. */
  readonly reason?: string;
}

/** An HTTP status: number, word and colour. */
export function StatusBadge({ status, reason }: StatusBadgeProps) {
  const kind = String(status)[0]!;
  return (
    <strong class={`status-badge of-${kind}`}>
      {status} {reason || WORDS[kind]}
    </strong>
  );
}
