/** `1 replica`, `3 replicas`, `1,000 replicas`. @param one the noun for one. */
export function plural(count: number, one: string): string {
  return `${count.toLocaleString('en-US')} ${noun(count, one)}`;
}

/** The noun for so many: `replica`, `replicas`. */
export function noun(count: number, one: string): string {
  return count === 1 ? one : `${one}s`;
}

/** A text that can stand behind a colon, as a sentence of its own; nothing stays nothing. */
export function sentence(text: string): string {
  return text === '' ? '' : `${text[0]!.toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
