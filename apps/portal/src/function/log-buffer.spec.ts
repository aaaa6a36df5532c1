import fc from 'fast-check';
import { appendLines, BLOCK_LINES, countLines, latestMs, matches, MAX_LINE_LENGTH, MAX_LINES, MAX_LOG_CHARS, toText, withoutKnown, type LogBlock, type LogLine } from './log-buffer';

const line = (text: string, timestamp = '2026-01-02T03:04:05Z'): LogLine => ({ instance: 'r1', timestamp, text });
const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, index) => line(String(from + index)));
const textsOf = (blocks: readonly LogBlock[]) => blocks.flatMap(({ lines }) => lines.map(({ text }) => text));

describe('appendLines()', () => {
  it('keeps the newest lines in order, however they come, and at most MAX_LINES', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 20 }), (portions) => {
        let blocks: readonly LogBlock[] = [];
        let told = 0;
        for (const portion of portions) {
          blocks = appendLines(blocks, numbered(portion, told));
          told += portion;
        }
        const kept = countLines(blocks);
        expect(textsOf(blocks)).toEqual(numbered(kept, told - kept).map(({ text }) => text));
        expect(kept).toBeLessThanOrEqual(MAX_LINES);
        expect(kept).toBeGreaterThan(Math.min(told, MAX_LINES) - BLOCK_LINES);
        expect(new Set(blocks.map(({ id }) => id)).size).toBe(blocks.length);
      }),
      { numRuns: 30 },
    );
  });

  it('leaves full blocks as they are, so that nothing but the last is drawn again', () => {
    const before = appendLines([], numbered(BLOCK_LINES + 1));
    const after = appendLines(before, numbered(1));
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
  });

  it('cuts a line of megabytes, and says so', () => {
    const [text] = textsOf(appendLines([], [line('x'.repeat(MAX_LINE_LENGTH + 1_500))]));
    expect(text).toBe(`${'x'.repeat(MAX_LINE_LENGTH)}… (1,500 characters more)`);
  });

  it('keeps at most MAX_LOG_CHARS, and the newest of them', () => {
    const long = (from: number) => numbered(BLOCK_LINES, from).map((one) => ({ ...one, text: one.text.padEnd(MAX_LINE_LENGTH) }));
    let blocks: readonly LogBlock[] = [];
    for (let from = 0; from < 10 * BLOCK_LINES; from += BLOCK_LINES) blocks = appendLines(blocks, long(from));
    const texts = textsOf(blocks);
    expect(texts.join('').length).toBe(MAX_LOG_CHARS);
    expect(texts.at(-1)).toBe(String(10 * BLOCK_LINES - 1).padEnd(MAX_LINE_LENGTH));
  });

  it('keeps nothing of what steers a terminal, so that it is neither copied nor found', () => {
    expect(textsOf(appendLines([], [line('\u001b[31mred\u001b[0m')]))).toEqual(['red']);
  });
});

describe('latestMs()', () => {
  it('is the largest time, wherever it stands', () => {
    expect(latestMs([line('a', '2026-01-02T03:04:05Z'), line('b', '2026-01-02T03:04:05.250000001Z'), line('c', '2026-01-02T03:04:04Z')])).toBe(Date.UTC(2026, 0, 2, 3, 4, 5, 250));
    expect(latestMs([])).toBe(-Infinity);
  });
});

describe('withoutKnown()', () => {
  it('drops as many as are there already', () => {
    const blocks = appendLines([], [line('a'), line('same'), line('same')]);
    expect(withoutKnown(blocks, [line('same'), line('same'), line('same'), line('b')])).toEqual([line('same'), line('b')]);
  });

  it('knows a line again that was cut or had colours', () => {
    const lines = [line('x'.repeat(MAX_LINE_LENGTH + 1)), line('\u001b[31mred')];
    expect(withoutKnown(appendLines([], lines), lines)).toEqual([]);
  });
});

describe('matches()', () => {
  it.each([
    [{ text: '', call: '' }, true],
    [{ text: 'ERROR', call: '' }, true],
    [{ text: 'warning', call: '' }, false],
    [{ text: '', call: 'id-1' }, true],
    [{ text: 'error', call: 'ID-1' }, false],
  ])('%j: %s', (filter, expected) => expect(matches(line('an Error [id-1]'), filter)).toBe(expected));
});

describe('toText()', () => {
  it('writes a line each, with time and replica where they are shown', () => {
    expect(toText([line('a'), line('b')], { timestamps: false })).toBe('a\nb\n');
    expect(toText([line('a')], { timestamps: true })).toBe('2026-01-02T03:04:05Z r1 a\n');
  });
});
