let text = '';
let untilMs = 0;

/** Now, as the `Date` of an answer; made once a second. */
export function httpDate(): string {
  const nowMs = Date.now();
  if (nowMs >= untilMs || nowMs < untilMs - 1_000) {
    text = new Date(nowMs).toUTCString();
    untilMs = nowMs - (nowMs % 1_000) + 1_000;
  }
  return text;
}
