import { TextDecoder } from 'node:util';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { ContainerFrame } from './log-frames';

/** A line that a container of a task wrote. */
export interface TaskLogLine {
  readonly taskId: string;
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 in UTC with nine digits after the point, so that text sorts as time does. */
  readonly timestamp: string;
  /** Counts the pieces of a line that was too long, from 0. */
  readonly piece: number;
  readonly text: string;
}

export const MAX_LINE_LENGTH = 65_536;
/** Lines that have begun and not ended, at once. */
const MAX_OPEN_LINES = 1_000;
const TASK_ID = /(?:^|,)com\.docker\.swarm\.task\.id=([^,]+)/;
const LINE_BREAK = 0x0a;

interface OpenLine extends TaskLogLine {
  readonly decoder: TextDecoder;
}

/**
 * Makes lines of frames, which begin with their time and where they come from. Docker cuts a long line into several
 * frames, of which only the last one ends with a line break: these are put together again, up to `MAX_LINE_LENGTH`.
 */
export class LineAssembler {
  private readonly open = new Map<string, OpenLine>();

  /** The lines that are complete with this frame: one as a rule, more of one that is too long, none of one that goes on. */
  push({ stream, payload }: ContainerFrame): TaskLogLine[] {
    const { taskId, timestamp, written } = readHead(payload);
    const key = `${taskId} ${stream}`;
    const begun = this.open.get(key) ?? { taskId, stream, timestamp, piece: 0, text: '', decoder: new TextDecoder('utf-8', { ignoreBOM: true }) };
    this.open.delete(key);
    const ends = written.at(-1) === LINE_BREAK;
    const text = begun.text + begun.decoder.decode(ends ? written.subarray(0, -1) : written, { stream: !ends });
    return ends ? piecesOf({ ...begun, text: text.endsWith('\r') ? text.slice(0, -1) : text }) : this.keep(key, { ...begun, text });
  }

  /** What has begun, when no more frames come. */
  end(): TaskLogLine[] {
    const lines = [...this.open.values()].flatMap((line) => piecesOf(line));
    this.open.clear();
    return lines;
  }

  private keep(key: string, line: OpenLine): TaskLogLine[] {
    const fullPieces = Math.floor(line.text.length / MAX_LINE_LENGTH);
    const full = fullPieces * MAX_LINE_LENGTH;
    this.open.set(key, { ...line, piece: line.piece + fullPieces, text: line.text.slice(full) });
    const lines = fullPieces > 0 ? piecesOf({ ...line, text: line.text.slice(0, full) }) : [];
    if (this.open.size <= MAX_OPEN_LINES) return lines;
    const [oldestKey, oldest] = this.open.entries().next().value!;
    this.open.delete(oldestKey);
    return [...lines, ...piecesOf(oldest)];
  }
}

/** Before what was written: its time, and where it comes from, as `key=value` with commas. */
function readHead(payload: Buffer): { readonly taskId: string; readonly timestamp: string; readonly written: Buffer } {
  const timeEnd = payload.indexOf(' ');
  const originEnd = payload.indexOf(' ', timeEnd + 1);
  const taskId = TASK_ID.exec(payload.toString('latin1', timeEnd + 1, originEnd))?.[1];
  if (timeEnd < 0 || originEnd < 0 || taskId === undefined) throw new ShoalError('backend-unavailable', 'the Docker engine sends a log line that does not say its task', { layer: 'provider' });
  return { taskId, timestamp: payload.toString('latin1', 0, timeEnd), written: payload.subarray(originEnd + 1) };
}

function piecesOf({ taskId, stream, timestamp, piece, text }: TaskLogLine): TaskLogLine[] {
  const pieces: TaskLogLine[] = [];
  // A line may be empty; what comes after a full piece may not.
  for (let start = 0; start < text.length || (start === 0 && piece === 0); start += MAX_LINE_LENGTH) {
    pieces.push({ taskId, stream, timestamp, piece: piece + pieces.length, text: text.slice(start, start + MAX_LINE_LENGTH) });
  }
  return pieces;
}
