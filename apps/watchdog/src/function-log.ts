import { StringDecoder } from 'node:string_decoder';

/** Takes the finished lines of one function, without line breaks. */
export type WriteLine = (text: string) => void;

/** Cuts a stream of bytes into lines of bounded length. One per stream, so that streams cannot mix within a line. */
export class LineSplitter {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';

  constructor(
    private readonly maxLineLength: number,
    private readonly write: WriteLine,
  ) {}

  push(chunk: Uint8Array): void {
    const lines = (this.rest + this.decoder.write(chunk)).split('\n');
    this.rest = lines.pop()!;
    for (const line of lines) this.writeBounded(line.endsWith('\r') ? line.slice(0, -1) : line);
    while (this.rest.length > this.maxLineLength) {
      this.write(this.rest.slice(0, this.maxLineLength));
      this.rest = this.rest.slice(this.maxLineLength);
    }
  }

  /** The last line may lack its line break. */
  end(): void {
    const rest = this.rest + this.decoder.end();
    this.rest = '';
    if (rest !== '') this.writeBounded(rest);
  }

  private writeBounded(line: string): void {
    for (let start = 0; start === 0 || start < line.length; start += this.maxLineLength) {
      this.write(line.slice(start, start + this.maxLineLength));
    }
  }
}

/** The date and time as both watchdogs begin their lines: `2026/11/24 04:16:03`, local time. */
export function logDate(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}/${two(date.getMonth() + 1)}/${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
