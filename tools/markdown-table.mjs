// Tables that stand in a terminal and in a page of the documentation alike.

/** Columns are the keys of the first row. @param left so many of them hold words; the others stand right. */
export function markdownTable(rows, { left = 1 } = {}) {
  const columns = Object.keys(rows[0]);
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => row[column].length), 2));
  const line = (cells) => `| ${cells.map((cell, i) => (i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i < left ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(columns), rule, ...rows.map((row) => line(columns.map((column) => row[column])))].join('\n');
}
