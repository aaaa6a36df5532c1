export interface PrefixedLines {
  readonly write: (text: string) => void;
  /** Writes what is left of a line that has not ended. */
  readonly end: () => void;
}

/** Puts `prefix` before each line, and passes on whole lines only: those of several writers can be mixed and told apart. */
export function prefixLines(prefix: string, out: (text: string) => void): PrefixedLines {
  let rest = '';
  const write = (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    if (lines.length > 0) out(lines.map((line) => `${prefix}${line}\n`).join(''));
  };
  return { write, end: () => rest !== '' && write('\n') };
}
