// The table that `npm run bench` prints: Markdown, so that it can go into docs/performance.md as it is.
import { markdownTable } from '../markdown-table.mjs';

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
