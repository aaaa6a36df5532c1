import { withoutControls } from './without-controls';

/** A line as `GET /system/logs` gives it. */
export interface LogLine {
  /** The replica it came from. */
  readonly instance: string;
  /** RFC 3339. */
  readonly timestamp: string;
  readonly text: string;
}

/** Lines that are drawn together; a full one never changes. */
export interface LogBlock {
  /** Ascending, and never used again. */
  readonly id: number;
  readonly lines: readonly LogLine[];
}

/** Kept lines: when there are more, the oldest blocks go. */
export const MAX_LINES = 5_000;
export const BLOCK_LINES = 100;
/** Of a longer line the rest is not kept: a browser lays out no lines of megabytes. */
export const MAX_LINE_LENGTH = 10_000;
/** Before what steers terminals is taken out of it. */
const MAX_RAW_LENGTH = 10 * MAX_LINE_LENGTH;
/** Kept characters, of all lines together: when there are more, the oldest blocks go. */
export const MAX_LOG_CHARS = 5_000_000;

/** The blocks with more lines behind them, without what steers terminals. Full blocks stay the same objects. */
export function appendLines(blocks: readonly LogBlock[], lines: readonly LogLine[]): readonly LogBlock[] {
  const next = [...blocks];
  for (let from = 0; from < lines.length; ) {
    const last = next.at(-1);
    const open = last && last.lines.length < BLOCK_LINES ? next.pop()! : { id: (last?.id ?? -1) + 1, lines: [] };
    const to = from + BLOCK_LINES - open.lines.length;
    next.push({ id: open.id, lines: [...open.lines, ...lines.slice(from, to).map(asKept)] });
    from = to;
  }
  let count = countLines(next);
  let chars = next.reduce((sum, block) => sum + charsOf(block), 0);
  while (count > MAX_LINES || chars > MAX_LOG_CHARS) {
    const oldest = next.shift()!;
    count -= oldest.lines.length;
    chars -= charsOf(oldest);
  }
  return next;
}

export function countLines(blocks: readonly LogBlock[]): number {
  return blocks.reduce((sum, { lines }) => sum + lines.length, 0);
}

/**
 * Those of `lines` that are not among the blocks' last ones: who asks again from the moment of the last line on is told
 * some lines twice.
 */
export function withoutKnown(blocks: readonly LogBlock[], lines: readonly LogLine[]): readonly LogLine[] {
  const known = new Map<string, number>();
  for (const line of blocks.slice(-2).flatMap((block) => block.lines)) known.set(keyOf(line), (known.get(keyOf(line)) ?? 0) + 1);
  return lines.filter((line) => {
    const key = keyOf(asKept(line));
    const times = known.get(key) ?? 0;
    if (times > 0) known.set(key, times - 1);
    return times === 0;
  });
}

/** The largest time of these lines, in ms since 1970; -Infinity without any. */
export function latestMs(lines: readonly LogLine[]): number {
  return lines.reduce((latest, { timestamp }) => Math.max(latest, Date.parse(timestamp)), -Infinity);
}

/** Which lines are shown; empty texts let all pass. */
export interface LogFilter {
  /** In any case. */
  readonly text: string;
  readonly call: string;
}

export function matches({ text }: LogLine, filter: LogFilter): boolean {
  return text.includes(filter.call) && (filter.text === '' || text.toLowerCase().includes(filter.text.toLowerCase()));
}

/** For the clipboard and a file. */
export function toText(lines: readonly LogLine[], { timestamps }: { readonly timestamps: boolean }): string {
  return lines.map(({ timestamp, instance, text }) => (timestamps ? `${timestamp} ${instance} ${text}\n` : `${text}\n`)).join('');
}

function asKept(line: LogLine): LogLine {
  const text = withoutControls(line.text.slice(0, MAX_RAW_LENGTH));
  const more = text.length + Math.max(0, line.text.length - MAX_RAW_LENGTH) - MAX_LINE_LENGTH;
  return { ...line, text: more <= 0 ? text : `${text.slice(0, MAX_LINE_LENGTH)}… (${more.toLocaleString('en-US')} characters more)` };
}

function charsOf({ lines }: LogBlock): number {
  return lines.reduce((sum, { text }) => sum + text.length, 0);
}

function keyOf({ instance, timestamp, text }: LogLine): string {
  return `${timestamp} ${instance} ${text}`;
}
