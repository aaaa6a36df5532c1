const MAX_SHOWN_CHARACTERS = 60;
/** Those that move a terminal's cursor, or that turn around what stands beside them. */
// eslint-disable-next-line no-control-regex -- looking for control characters is the point
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffd\ufffe\uffff]/g;

/** A text that somebody sent, as a message may have it: shortened, on one line, without control characters, and UTF-8. */
export function shownText(text: string): string {
  const quoted = JSON.stringify(text.slice(0, MAX_SHOWN_CHARACTERS)).slice(1, -1);
  const shown = withoutControls(quoted);
  return text.length > MAX_SHOWN_CHARACTERS ? `${shown}…` : shown;
}

/** `text`, with `?` in place of each character that is not seen but does something. */
export function withoutControls(text: string): string {
  return text.replace(UNSEEN, '?');
}
