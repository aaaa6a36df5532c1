import { formatAgo } from '../ui/numbers';

/** `in 5 min (12:30:00)`, `3 h ago (09:30:00)`; with the date when it is another day. */
export function momentInWords(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const clock = at.toDateString() === new Date(nowMs).toDateString() ? at.toLocaleTimeString() : at.toLocaleString();
  const distance = atMs > nowMs ? formatAgo(nowMs, atMs).replace(/^(.*) ago$/, 'in $1') : formatAgo(atMs, nowMs);
  return `${distance} (${clock})`;
}
