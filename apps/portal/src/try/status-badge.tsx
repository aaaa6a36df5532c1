import './status-badge.css';

const WORDS: Readonly<Record<number, string>> = { 1: 'informs', 2: 'success', 3: 'redirect', 4: 'refused', 5: 'failed' };

/** An HTTP status: number, word and colour. */
export function StatusBadge({ status, text }: { readonly status: number; readonly text: string }) {
  const kind = Math.floor(status / 100);
  return <strong class={`status-badge of-${kind}`}>{/^\d/.test(text) ? text : `${status} ${text || (WORDS[kind] ?? '')}`}</strong>;
}
