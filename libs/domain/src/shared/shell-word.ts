/** One word of a POSIX shell, whatever is in it (but for NUL, which no word can have); in quotes only where it must be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
