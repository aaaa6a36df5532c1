// The table that `npm run bench` prints: Markdown, so that it can go into docs/performance.md as it is.

const KIB = 1024;

/** @param rows as `compare` gives them. `before` has columns of its own where an earlier gateway ran along. */
export function benchTable(rows) {
  const hasBefore = rows.some(({ figures }) => figures.before);
  return markdownTable(
    rows.map(({ what, beside, cost, times, figures }) => ({
      what,
      beside,
      ...(hasBefore ? { before: shown(figures.before?.[cost], cost), '× before': number(times.before?.median) } : {}),
      cost: shown(figures.gateway[cost], cost),
      '×': number(times.gateway?.median),
      'its cost': shown(figures.beside?.[cost], cost),
      p50: shown(figures.gateway.p50Us, 'us'),
      'its p50': shown(figures.beside?.p50Us, 'us'),
      p99: shown(figures.gateway.p99Us, 'us'),
      'its p99': shown(figures.beside?.p99Us, 'us'),
      'a second': number(figures.gateway.perSecond),
      its: number(figures.beside?.perSecond),
    })),
    { left: 2 },
  );
}

/** Columns are the keys of the first row. @param left so many of them hold words; the others stand right. */
export function markdownTable(rows, { left = 1 } = {}) {
  const columns = Object.keys(rows[0]);
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => row[column].length), 2));
  const line = (cells) => `| ${cells.map((cell, i) => (i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i < left ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(columns), rule, ...rows.map((row) => line(columns.map((column) => row[column])))].join('\n');
}

function shown(value, field) {
  if (value === undefined) return '';
  if (field === 'bytes') return value < 100 * KIB ? `${number(value / KIB)} KiB` : `${number(value / KIB / KIB)} MiB`;
  return value < 1_000 ? `${number(value)} µs` : `${number(value / 1_000)} ms`;
}

/** Three digits, or all before the point. */
function number(value) {
  if (value === undefined) return '';
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}
