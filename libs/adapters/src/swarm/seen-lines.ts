import type { TaskLogLine } from './log-lines';

/** More are forgotten, those first that have been quiet longest. */
const MAX_REMEMBERED_STREAMS = 10_000;
const PIECE_DIGITS = 6;

/** How far each stream of each task has been read. The lines of one are in order, and no two have the same time. */
export class SeenLines {
  private readonly newest = new Map<string, string>();

  /** All but those that have been seen, which have been after that. */
  async *leaveOut(lines: AsyncIterable<TaskLogLine>): AsyncGenerator<TaskLogLine> {
    for await (const line of lines) {
      if (placeOf(line) <= (this.newest.get(keyOf(line)) ?? '')) continue;
      this.remember(line);
      yield line;
    }
  }

  /** When the task wrote its last line that has been seen, in either stream. */
  newestOf(taskId: string): string | undefined {
    const places = [keyOf({ taskId, stream: 'stdout' }), keyOf({ taskId, stream: 'stderr' })].flatMap((key) => this.newest.get(key) ?? []);
    return places.sort().at(-1)?.split(' ')[0];
  }

  private remember(line: TaskLogLine): void {
    const key = keyOf(line);
    this.newest.delete(key);
    this.newest.set(key, placeOf(line));
    if (this.newest.size > MAX_REMEMBERED_STREAMS) this.newest.delete(this.newest.keys().next().value!);
  }
}

function keyOf({ taskId, stream }: Pick<TaskLogLine, 'taskId' | 'stream'>): string {
  return `${taskId} ${stream}`;
}

/** Sorts as text. */
function placeOf({ timestamp, piece }: TaskLogLine): string {
  return `${timestamp} ${String(piece).padStart(PIECE_DIGITS, '0')}`;
}
