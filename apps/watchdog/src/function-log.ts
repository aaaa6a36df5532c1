/** Takes finished lines, without line breaks. */
export type WriteLine = (text: string) => void;

export interface LogSettings {
  readonly logFormat: 'text' | 'json';
  /** Whether a process's lines say which stream they come from. */
  readonly prefixLogs: boolean;
  readonly maxLogLineBytes: number;
  /** Whether a call's line names it. */
  readonly logCallId: boolean;
  readonly classic: boolean;
}

/**
 * What is written about a function: the watchdog's own notes, and the lines of its processes. As text, in the shapes that
 * the original watchdogs have, or as one JSON object a line: `time`, `stream` (`watchdog`, `stdout`, `stderr`), `callId`
 * where there is one, `text`.
 */
export class FunctionLog {
  constructor(
    private readonly settings: LogSettings,
    private readonly write: WriteLine,
  ) {}

  /** A line of the watchdog's own. */
  note(text: string, callId?: string): void {
    const now = new Date();
    if (this.settings.logFormat === 'json') return this.json(now, 'watchdog', text, callId);
    this.write(`${logDate(now)} ${callId === undefined ? '' : `[${callId}] `}${text}`);
  }

  /** The line of a call that has ended (wire contract §5.2.4). */
  call(text: string, callId: string): void {
    if (this.settings.logFormat === 'json') return this.json(new Date(), 'watchdog', text, callId);
    this.note(this.settings.logCallId ? `${text} [${callId}]` : text);
  }

  /** For one stream of one process. `callId` is said when the process serves one call only. */
  lines(stream: 'stdout' | 'stderr', callId?: string): LineSplitter {
    const { logFormat, prefixLogs, maxLogLineBytes, classic } = this.settings;
    const name = `${stream}: ${callId === undefined ? '' : `[${callId}] `}`;
    return new LineSplitter(maxLogLineBytes, (line) => {
      if (logFormat === 'json') return this.json(new Date(), stream, line, callId);
      if (!prefixLogs) return this.write(line);
      this.write(classic ? `${name}${line}` : `${logDate(new Date())} ${name}${line}`);
    });
  }

  private json(now: Date, stream: string, text: string, callId: string | undefined): void {
    this.write(JSON.stringify({ time: now.toISOString(), stream, callId, text }));
  }
}

/** Cuts a stream of bytes into lines of bounded length. One per stream, so that streams cannot mix within a line. */
export class LineSplitter {
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private rest = '';

  constructor(
    private readonly maxLineLength: number,
    private readonly write: WriteLine,
  ) {}

  push(chunk: Uint8Array): void {
    const lines = (this.rest + this.decoder.decode(chunk, { stream: true })).split('\n');
    this.rest = lines.pop()!;
    for (const line of lines) this.writeBounded(line.endsWith('\r') ? line.slice(0, -1) : line);
    while (this.rest.length > this.maxLineLength) {
      this.write(this.rest.slice(0, this.maxLineLength));
      this.rest = this.rest.slice(this.maxLineLength);
    }
  }

  /** The last line may lack its line break. */
  end(): void {
    const rest = this.rest + this.decoder.decode();
    this.rest = '';
    if (rest !== '') this.writeBounded(rest);
  }

  private writeBounded(line: string): void {
    for (let start = 0; start === 0 || start < line.length; start += this.maxLineLength) {
      this.write(line.slice(start, start + this.maxLineLength));
    }
  }
}

/** The date and time as both watchdogs begin their lines, in UTC: `2026/11/24 04:16:03`. */
export function logDate(date: Date): string {
  return date.toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');
}
