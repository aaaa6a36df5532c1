const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r' };
const MEANT: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n', r: '\r' };

/** A name and a text as one line, as files of environment variables have them: `NAME=text`, in quotes where it must be. */
export function toEnvLine(name: string, value: string): string {
  const needsQuotes = /[\n\r]/.test(value) || /^["']/.test(value) || value !== value.trim();
  return `${name}=${needsQuotes ? `"${value.replace(/[\\"\n\r]/g, (character) => ESCAPED[character]!)}"` : value}`;
}

/**
 * The names and texts of such lines. Empty lines, comments and the word `export` are passed over. In double quotes `\n`, `\r`,
 * `\"` and `\\` stand for what they do in programs; single quotes are only taken off.
 *
 * @returns `undefined` when any line is something else, or when there is none.
 */
export function parseEnvLines(text: string): readonly (readonly [name: string, value: string])[] | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const matches = lines.map((line) => /^(?:export\s+)?([^\s=]+)\s*=\s*(.*)$/s.exec(line));
  if (lines.length === 0 || matches.includes(null)) return undefined;
  return matches.map((match) => [match![1]!, unquoted(match![2]!)]);
}

function unquoted(text: string): string {
  const quote = text.length >= 2 && text.at(0) === text.at(-1) ? text.at(0) : undefined;
  if (quote === "'") return text.slice(1, -1);
  if (quote === '"') return text.slice(1, -1).replace(/\\([\\"nr])/g, (_, character: string) => MEANT[character]!);
  return text;
}
