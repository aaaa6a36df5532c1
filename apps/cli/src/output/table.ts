const GAP = '  ';
// eslint-disable-next-line no-control-regex -- colours are control characters
const COLOURS = /\u001b\[\d+m/g;

/**
 * Lines up rows under their headings; a column whose cells are all numbers is set to the right. Colours take no room.
 *
 * @returns one line a row, the headings first, without trailing spaces.
 */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ''))));
  const numeric = headings.map((_, column) => rows.length > 0 && rows.every((row) => /^-?[\d.,]*$/.test(row[column]!.replace(COLOURS, ''))));
  return lines.map((line) =>
    line
      .map((cell, column) => {
        const padding = ' '.repeat(widths[column]! - widthOf(cell));
        return numeric[column] ? padding + cell : cell + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** Lines up `name: value` pairs, the values under each other. A value of several lines goes on under its first. */
export function formatPairs(pairs: readonly (readonly [name: string, value: string])[]): readonly string[] {
  const width = Math.max(...pairs.map(([name]) => name.length)) + 1;
  return pairs.flatMap(([name, value]) => {
    const [first = '', ...more] = value.split('\n');
    return [`${`${name}:`.padEnd(width)}${GAP}${first}`.trimEnd(), ...more.map((line) => `${' '.repeat(width)}${GAP}${line}`)];
  });
}

function widthOf(text: string): number {
  return text.replace(COLOURS, '').length;
}
