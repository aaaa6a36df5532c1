const SPACE = 32;
const TAB = 9;

/** A kind of characters by their codes, as a table: an expression costs a call for each text that it is tried on. */
export function charsOf(pattern: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (pattern.test(String.fromCharCode(code)) ? 1 : 0));
}

/** In names of headers and methods (RFC 9110 §5.6.2). */
export const IN_TOKEN = charsOf(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/);

/** Where the characters of a kind end that begin at `from`. */
export function endOf(kind: Uint8Array, text: string, from: number): number {
  let at = from;
  while (at < text.length && kind[text.charCodeAt(at)] === 1) at++;
  return at;
}

export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
