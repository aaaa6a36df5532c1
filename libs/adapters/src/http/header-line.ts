const HEADER_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t\x20-\x7e\x80-\xff]*$/;
const STATUS_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;
const TARGET = /^[\x21-\x7e]+$/;

/**
 * A header as it is sent. Nothing that holds an end of line gets through, nor a character that would become one as Latin-1.
 *
 * @throws TypeError when name or value cannot be sent.
 */
export function headerLine(name: string, value: string): string {
  const line = `${name}: ${value}`;
  if (!HEADER_LINE.test(line)) throw new TypeError(`the header ${JSON.stringify(name.slice(0, 80))} cannot be sent: a character is not allowed in it`);
  return `${line}\r\n`;
}

/** Headers given as names and values in turn. @throws TypeError */
export function headerLines(headers: readonly string[]): string {
  let lines = '';
  for (let i = 0; i < headers.length; i += 2) lines += headerLine(headers[i]!, headers[i + 1]!);
  return lines;
}

/** @throws TypeError when the status or its text cannot be sent, or is of an interim answer. */
export function statusLine(status: number, statusText: string): string {
  if (!Number.isInteger(status) || status < 200 || status > 999) throw new TypeError(`${status} is no status of an answer`);
  if (!STATUS_TEXT.test(statusText)) throw new TypeError('the text of the status cannot be sent');
  return `HTTP/1.1 ${status} ${statusText}\r\n`;
}

/** @throws TypeError when the target cannot be sent. */
export function requestLine(method: string, target: string): string {
  if (!TARGET.test(target)) throw new TypeError('the target cannot be sent: a character is not allowed in it');
  return `${method} ${target} HTTP/1.1\r\n`;
}

/** The last chunk of a body, with what follows it. @throws TypeError */
export function lastChunk(trailers: readonly string[]): string {
  return trailers.length === 0 ? '0\r\n\r\n' : `0\r\n${headerLines(trailers)}\r\n`;
}
