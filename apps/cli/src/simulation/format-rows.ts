import { formatTable } from '../output/table';
import type { Row } from './simulation-rows';

export const ROW_FORMATS = ['table', 'csv', 'json', 'markdown'] as const;
export type RowFormat = (typeof ROW_FORMATS)[number];

const WRITERS: Readonly<Record<RowFormat, (rows: readonly Row[]) => readonly string[]>> = {
  table: asTable,
  csv: (rows) => [Object.keys(rows[0]!).join(','), ...rows.map((row) => Object.values(row).join(','))],
  json: (rows) => [JSON.stringify(rows, null, 2)],
  markdown: asMarkdown,
};

/** Rows that all have the same columns, as lines. */
export function formatRows(rows: readonly Row[], format: RowFormat): readonly string[] {
  return WRITERS[format](rows);
}

function asTable(rows: readonly Row[]): readonly string[] {
  const names = Object.keys(rows[0]!);
  // One run is easier to read from top to bottom.
  if (rows.length === 1) return formatTable([names[0]!, textOf(rows[0]![names[0]!]!)], names.slice(1).map((name) => [name, textOf(rows[0]![name]!)]));
  return formatTable(names, rows.map((row) => names.map((name) => textOf(row[name]!))));
}

function asMarkdown(rows: readonly Row[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const names = Object.keys(rows[0]!);
  return [line(names), `|${'---|'.repeat(names.length)}`, ...rows.map((row) => line(Object.values(row).map(textOf)))];
}

function textOf(value: string | number): string {
  return typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 3 }) : value;
}
