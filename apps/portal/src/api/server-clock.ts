import { signal } from '@preact/signals';

const TICK_MS = 5_000;

/** How far the gateway's clock is ahead of this one, to a second. */
let aheadMs = 0;
const tick = signal(0);

/** The gateway's time, in milliseconds since the Unix epoch. What asks for it while it is drawn is drawn anew every few seconds. */
export function serverNowMs(): number {
  void tick.value;
  return Date.now() + aheadMs;
}

/** @param date the header `Date` of an answer that has just come. */
export function noteServerTime(date: string | null): void {
  const serverMs = Date.parse(date ?? '');
  if (Number.isNaN(serverMs)) return;
  // The header has no fractions of a second; what is within them is no difference.
  const ahead = serverMs + 500 - Date.now();
  aheadMs = Math.abs(ahead) < 1_000 ? 0 : ahead;
}

/** Lets ages grow from now on, while the page is seen. */
export function startServerClock(): void {
  setInterval(() => {
    if (!document.hidden) tick.value++;
  }, TICK_MS);
  document.addEventListener('visibilitychange', () => tick.value++);
}
