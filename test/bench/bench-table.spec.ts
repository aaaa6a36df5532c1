import { type BenchRow, benchTable } from '../../tools/bench/bench-table.mjs';
import { markdownTable } from '../../tools/markdown-table.mjs';

const hop: BenchRow = {
  what: 'GET 12 B',
  beside: 'nginx',
  cost: 'cpuUs',
  figures: {
    gateway: { cpuUs: 36.54, p50Us: 1_090, p99Us: 21_800, perSecond: 27_671.4 },
    beside: { cpuUs: 11.7, p50Us: 324, p99Us: 811, perSecond: 81_090 },
  },
  times: { gateway: { median: 3.11 } },
};
const memory: BenchRow = { what: 'each function', beside: '', cost: 'bytes', figures: { gateway: { bytes: 5_500 } }, times: {} };

/** Cells by column. */
function rowsOf(table: string): Record<string, string>[] {
  const [head, , ...rows] = table.split('\n').map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
  return rows.map((row) => Object.fromEntries(head!.map((column, i) => [column, row[i]!])));
}

describe('benchTable()', () => {
  it('shows cost, ratio, latencies and calls a second of both sides, in units of their size', () => {
    expect(rowsOf(benchTable([hop]))).toEqual([
      { what: 'GET 12 B', beside: 'nginx', cost: '36.5 µs', '×': '3.11', 'its cost': '11.7 µs', p50: '1.09 ms', 'its p50': '324 µs', p99: '21.8 ms', 'its p99': '811 µs', 'a second': '27,671', its: '81,090' },
    ]);
  });

  it('leaves empty what a row does not have', () => {
    const [, row] = rowsOf(benchTable([hop, memory]));
    expect(row).toMatchObject({ what: 'each function', cost: '5.37 KiB', '×': '', 'its cost': '', p50: '', its: '' });
  });

  it('has columns for what was before where one row knows it', () => {
    const beside = { ...hop, figures: { ...hop.figures, before: { cpuUs: 1_500 } }, times: { ...hop.times, before: { median: 128.4 } } };
    expect(rowsOf(benchTable([beside, memory]))).toMatchObject([{ before: '1.5 ms', '× before': '128' }, { before: '', '× before': '' }]);
  });
});

describe('markdownTable()', () => {
  it('pads cells, and has all but the first columns stand right', () => {
    expect(markdownTable([{ where: 'a', share: '1 %' }])).toBe('| where | share |\n|-------|------:|\n| a     |   1 % |');
  });
});
