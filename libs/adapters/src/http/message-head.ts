import { MessageError } from './message-error';

/** The first lines of a message, and what they say about the rest of it. */
export interface MessageHead {
  /** Of a request; else empty. */
  readonly method: string;
  /** Of a request: `/path?query` as it came, or `*`. Of an absolute URL what follows the host. */
  readonly target: string;
  /** Of a response; else 0. */
  readonly status: number;
  readonly statusText: string;
  /** Minor version: `HTTP/1.0` or `HTTP/1.1`. */
  readonly minor: number;
  /**
   * Names and values in turn, as they came; each character stands for one byte. When the target was an absolute URL,
   * `Host` is the URL's (RFC 9112 §3.2.2).
   */
  readonly rawHeaders: readonly string[];
  /** Whether another message may follow on the connection. */
  readonly keepAlive: boolean;
  /** The protocol it asks for, or agrees to: `websocket`. In lower case. */
  readonly upgradesTo: string | undefined;
  /** Whether it announces to wait for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean;
  /** Of the body, by `Content-Length`. */
  readonly lengthBytes: number | undefined;
  /** Whether the body comes in chunks. */
  readonly chunked: boolean;
}

const MAX_HEADERS = 2_000;
const VERSION = /^HTTP\/(\d)\.(\d)$/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
/** Tables, because an expression costs a call for each name and each value of each message. */
const IN_NAME = charsOf(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/);
const IN_VALUE = charsOf(/[\t\x20-\x7e\x80-\xff]/);
const IN_TARGET = charsOf(/[\x21-\x7e]/);
const COLON = 58;
const SPACE = 32;
const TAB = 9;
const CR = 13;
const LF = 10;
const FRAMING = /^(?:content-length|transfer-encoding)$/i;
const CONTENT_LENGTH = /^\d{1,15}$/;
const ABSOLUTE_URL = /^https?:\/\/([^/?]+)/i;
const HOST = /^(?:[-\w.~!$&'()*+,;=%]*|\[[\da-f:.]+\])(?::\d*)?$/i;

/** @throws MessageError */
export function parseRequestHead(text: string): MessageHead {
  const methodEnd = endOf(IN_NAME, text, 0);
  const targetEnd = endOf(IN_TARGET, text, methodEnd + 1);
  const lineEnd = endOfLine(text, targetEnd);
  const [, major, minorText] = VERSION.exec(text.slice(targetEnd + 1, lineEnd)) ?? [];
  const spaced = text.charCodeAt(methodEnd) === SPACE && text.charCodeAt(targetEnd) === SPACE;
  if (!spaced || methodEnd === 0 || targetEnd === methodEnd + 1 || major === undefined) throw new MessageError('its first line is no request');
  const method = text.slice(0, methodEnd);
  const asked = text.slice(methodEnd + 1, targetEnd);
  const minor = Number(minorText);
  if (major !== '1' || minor > 1) throw new MessageError('its version of HTTP is not 1.0 or 1.1', 505);
  if (method === 'CONNECT') throw new MessageError('CONNECT is not supported', 405);
  const rawHeaders = parseHeaders(text, lineEnd + 2);
  const fields = new Fields(rawHeaders);
  if (fields.hosts > 1 || (fields.hosts === 0 && minor === 1)) throw new MessageError('it must have one Host header');
  if (fields.chunked && minor === 0) throw new MessageError('HTTP/1.0 has no chunks');
  if (fields.expectsOther && minor === 1) throw new MessageError('its Expect header asks for something that is not known', 417);
  return {
    method,
    target: asked.startsWith('/') ? checkedPath(asked) : pathOf(asked, method, rawHeaders),
    status: 0,
    statusText: '',
    minor,
    rawHeaders,
    keepAlive: persists(minor, fields),
    upgradesTo: minor === 1 ? fields.upgradesTo : undefined,
    expectsContinue: fields.expectsContinue && minor === 1,
    lengthBytes: fields.lengthBytes,
    chunked: fields.chunked,
  };
}

/** @throws MessageError */
export function parseResponseHead(text: string): MessageHead {
  const lineEnd = endOfLine(text, 0);
  const [, minorText, statusDigits, statusText] = STATUS_LINE.exec(text.slice(0, lineEnd)) ?? [];
  if (statusDigits === undefined) throw new MessageError('its first line is no status');
  const minor = Number(minorText);
  const status = Number(statusDigits);
  const bodyless = isBodyless(status);
  const rawHeaders = parseHeaders(text, lineEnd + 2);
  const fields = new Fields(rawHeaders);
  if (fields.chunked && minor === 0) throw new MessageError('HTTP/1.0 has no chunks');
  return {
    method: '',
    target: '',
    status,
    statusText: statusText ?? '',
    minor,
    rawHeaders,
    keepAlive: persists(minor, fields) && (bodyless || fields.chunked || fields.lengthBytes !== undefined),
    upgradesTo: status === 101 ? fields.upgradesTo : undefined,
    expectsContinue: false,
    lengthBytes: fields.lengthBytes,
    chunked: fields.chunked,
  };
}

/** Whether a response of this status has no body, whatever its headers say (RFC 9112 §6.3). */
export function isBodyless(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/** Headers behind a body in chunks. What would frame the message differently is refused. @throws MessageError */
export function parseTrailers(text: string, from: number): string[] {
  const trailers = parseHeaders(text, from);
  for (let i = 0; i < trailers.length; i += 2) {
    if (FRAMING.test(trailers[i]!)) throw new MessageError('its trailers say how long it is');
  }
  return trailers;
}

/** Lines of headers, each but the last ended by CR LF, into names and values in turn. @throws MessageError */
function parseHeaders(text: string, from: number): string[] {
  const headers: string[] = [];
  for (let at = from; at < text.length; ) {
    const colon = endOf(IN_NAME, text, at);
    let valueStart = colon + 1;
    while (isBlank(text.charCodeAt(valueStart))) valueStart++;
    const end = endOf(IN_VALUE, text, valueStart);
    const named = colon > at && text.charCodeAt(colon) === COLON;
    const ended = end === text.length || (text.charCodeAt(end) === CR && text.charCodeAt(end + 1) === LF);
    if (!named || !ended) throw new MessageError('one of its headers is malformed');
    let valueEnd = end;
    while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--;
    headers.push(text.slice(at, colon), text.slice(valueStart, valueEnd));
    if (headers.length > 2 * MAX_HEADERS) throw new MessageError(`it has more than ${MAX_HEADERS} headers`, 431);
    at = end + 2;
  }
  return headers;
}

function persists(minor: number, fields: Fields): boolean {
  return !fields.close && (minor === 1 || fields.keepAlive);
}

/** Where the first line ends that is not over at `from`. */
function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\r\n', from);
  return end < 0 ? text.length : end;
}

/** Where the characters of a kind end that begin at `from`. */
function endOf(kind: Uint8Array, text: string, from: number): number {
  let at = from;
  while (at < text.length && kind[text.charCodeAt(at)] === 1) at++;
  return at;
}

function charsOf(pattern: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (pattern.test(String.fromCharCode(code)) ? 1 : 0));
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function checkedPath(path: string): string {
  if (path.includes('#')) throw new MessageError('its target has a fragment');
  return path;
}

/** What a target that is no path asks for. The host of a URL takes the place of the header's. */
function pathOf(asked: string, method: string, rawHeaders: string[]): string {
  if (asked === '*' && method === 'OPTIONS') return asked;
  const [origin, host] = ABSOLUTE_URL.exec(asked) ?? [];
  if (origin === undefined || !HOST.test(host!)) throw new MessageError('its target is no path');
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'host');
  if (at < 0) rawHeaders.push('Host', host!);
  else rawHeaders[at + 1] = host!;
  const rest = checkedPath(asked.slice(origin.length));
  if (rest === '' && method === 'OPTIONS') return '*';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** What headers say about the body and the connection (RFC 9112 §6, §9). */
class Fields {
  lengthBytes: number | undefined;
  chunked = false;
  close = false;
  keepAlive = false;
  expectsContinue = false;
  expectsOther = false;
  hosts = 0;
  private asksToUpgrade = false;
  private protocol: string | undefined;

  constructor(rawHeaders: readonly string[]) {
    for (let i = 0; i < rawHeaders.length; i += 2) this.take(rawHeaders[i]!, rawHeaders[i + 1]!);
    if (this.chunked && this.lengthBytes !== undefined) throw new MessageError('it has both a length and chunks');
  }

  get upgradesTo(): string | undefined {
    return this.asksToUpgrade ? this.protocol : undefined;
  }

  private take(name: string, value: string): void {
    // By length first: most headers are none of these.
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === 'host') this.host(value);
        break;
      case 6:
        if (name.toLowerCase() === 'expect') this.expect(value.toLowerCase());
        break;
      case 7:
        if (name.toLowerCase() === 'upgrade') this.protocol = value.toLowerCase();
        break;
      case 10:
        if (name.toLowerCase() === 'connection') this.connection(value.toLowerCase());
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') this.contentLength(value);
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') this.transferEncoding(value.toLowerCase());
        break;
    }
  }

  private host(value: string): void {
    if (!HOST.test(value)) throw new MessageError('its Host header is malformed');
    this.hosts++;
  }

  private expect(value: string): void {
    if (value === '100-continue') this.expectsContinue = true;
    else if (value !== '') this.expectsOther = true;
  }

  private connection(value: string): void {
    for (const option of value.split(',')) {
      const word = option.trim();
      if (word === 'close') this.close = true;
      else if (word === 'keep-alive') this.keepAlive = true;
      else if (word === 'upgrade') this.asksToUpgrade = true;
    }
  }

  private contentLength(value: string): void {
    // Also when the second one says the same: two parsers could still pick different ones of three.
    if (this.lengthBytes !== undefined) throw new MessageError('it has more than one Content-Length');
    if (!CONTENT_LENGTH.test(value)) throw new MessageError('its Content-Length is no number');
    this.lengthBytes = Number(value);
  }

  private transferEncoding(value: string): void {
    if (this.chunked) throw new MessageError('it has more than one Transfer-Encoding');
    if (value !== 'chunked') throw new MessageError('its Transfer-Encoding is not supported', 501);
    this.chunked = true;
  }
}
