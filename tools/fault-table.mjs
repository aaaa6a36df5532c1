import { existsSync, readFileSync } from 'node:fs';
import { markdownTable } from './markdown-table.mjs';

/** Prints what specs have written down with `faultRow` (test/faults/fault-table.ts); nothing when none did. */
export function printFaultTable(file) {
  if (!existsSync(file)) return;
  const rows = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  rows.sort((a, b) => a.area.localeCompare(b.area));
  const columns = rows.map(({ area, done, times, lost, seen }) => ({ '': area, 'what was done': done, 'how often': times, 'what was lost': lost, 'what the caller saw': seen }));
  console.log(`\n${markdownTable(columns, { left: 5 })}\n`);
}
