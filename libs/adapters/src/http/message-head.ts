import { charsOf, endOf, IN_TOKEN } from './char-kinds';
import { HeaderBlock } from './header-block';
import { HeaderNames } from './header-names';
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
  /** When the target was an absolute URL, `Host` is the URL's (RFC 9112 §3.2.2). */
  readonly headers: HeaderBlock;
  /** Whether there is a `Date`. */
  readonly dated: boolean;
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

const VERSION = /^HTTP\/(\d)\.(\d)$/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const FIELDS = new HeaderNames('host', 'date', 'expect', 'authorization', 'upgrade', 'connection', 'content-length', 'transfer-encoding');
const IN_TARGET = charsOf(/[\x21-\x7e]/);
const SPACE = 32;
const FRAMING = /^(?:content-length|transfer-encoding)$/i;
const CONTENT_LENGTH = /^\d{1,15}$/;
const ABSOLUTE_URL = /^https?:\/\/([^/?]+)/i;
/** Without empty labels, because some servers make paths of hosts; empty it may be, but for a port. */
const HOST = /^(?!.*\.\.|\.(?::|$)|:)(?:[-\w.~!$&'()*+,;=%]*|\[[\da-f:.]+\])(?::\d*)?$/i;
/** In a URL, where it takes the place of `Host`. */
const HOST_OF_URL = /^(?!.*\.\.|\.(?::|$))(?:[-\w.]+|\[[\da-f:.]+\])(?::\d*)?$/i;

/** @throws MessageError */
export function parseRequestHead(text: string): MessageHead {
  const methodEnd = endOf(IN_TOKEN, text, 0);
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
  const asCame = HeaderBlock.parse(text, lineEnd + 2);
  const fields = new Fields(asCame);
  if (fields.hosts > 1 || (fields.hosts === 0 && minor === 1)) throw new MessageError('it must have one Host header');
  if (fields.chunked && minor === 0) throw new MessageError('HTTP/1.0 has no chunks');
  if (fields.expectsOther && minor === 1) throw new MessageError('its Expect header asks for something that is not known', 417);
  const { target, headers } = asked.startsWith('/') ? { target: checkedPath(asked), headers: asCame } : withoutOrigin(asked, method, asCame);
  return {
    method,
    target,
    status: 0,
    statusText: '',
    minor,
    headers,
    dated: fields.dated,
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
  const headers = HeaderBlock.parse(text, lineEnd + 2);
  const fields = new Fields(headers);
  if (fields.chunked && minor === 0) throw new MessageError('HTTP/1.0 has no chunks');
  return {
    method: '',
    target: '',
    status,
    statusText: statusText ?? '',
    minor,
    headers,
    dated: fields.dated,
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
export function parseTrailers(text: string, from: number): readonly string[] {
  const { flat } = HeaderBlock.parse(text, from);
  if (flat.some((name, i) => i % 2 === 0 && FRAMING.test(name))) throw new MessageError('its trailers say how long it is');
  return flat;
}

function persists(minor: number, fields: Fields): boolean {
  return !fields.close && (minor === 1 || fields.keepAlive);
}

/** Where the first line ends that is not over at `from`. */
function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\r\n', from);
  return end < 0 ? text.length : end;
}

function checkedPath(path: string): string {
  if (path.includes('#')) throw new MessageError('its target has a fragment');
  return path;
}

/** What a target that is no path asks for. The host of a URL takes the place of the header's. */
function withoutOrigin(asked: string, method: string, headers: HeaderBlock): { readonly target: string; readonly headers: HeaderBlock } {
  if (asked === '*' && method === 'OPTIONS') return { target: asked, headers };
  const [origin, host] = ABSOLUTE_URL.exec(asked) ?? [];
  if (origin === undefined || !HOST_OF_URL.test(host!)) throw new MessageError('its target is no path');
  const rest = checkedPath(asked.slice(origin.length));
  const target = rest === '' && method === 'OPTIONS' ? '*' : rest.startsWith('/') ? rest : `/${rest}`;
  return { target, headers: withHost(headers, host!) };
}

function withHost({ flat }: HeaderBlock, host: string): HeaderBlock {
  const isHost = (name: string) => name.toLowerCase() === 'host';
  const lines = flat.flatMap((name, i) => (i % 2 > 0 ? [] : [`${name}: ${isHost(name) ? host : flat[i + 1]!}`]));
  if (!flat.some((name, i) => i % 2 === 0 && isHost(name))) lines.push(`Host: ${host}`);
  return HeaderBlock.parse(lines.join('\r\n'), 0);
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
  dated = false;
  private authorized = false;
  private asksToUpgrade = false;
  private protocol: string | undefined;

  constructor(headers: HeaderBlock) {
    for (let i = 0; i < headers.count; i++) this.look(headers, i);
    if (this.chunked && this.lengthBytes !== undefined) throw new MessageError('it has both a length and chunks');
  }

  get upgradesTo(): string | undefined {
    return this.asksToUpgrade ? this.protocol : undefined;
  }

  private look(headers: HeaderBlock, index: number): void {
    if (!FIELDS.hasLength(headers.nameLength(index))) return;
    switch (headers.name(index).toLowerCase()) {
      case 'host':
        this.refuseTabs(headers, index);
        return this.host(headers.value(index));
      case 'date':
        this.dated = true;
        return;
      case 'authorization':
        return this.authorization();
      case 'expect':
        return this.expect(headers.value(index).toLowerCase());
      case 'upgrade':
        this.protocol = headers.value(index).toLowerCase();
        return;
      case 'connection':
        return this.connection(headers.value(index).toLowerCase());
      case 'content-length':
        this.refuseTabs(headers, index);
        return this.contentLength(headers.value(index));
      case 'transfer-encoding':
        this.refuseTabs(headers, index);
        return this.transferEncoding(headers.value(index).toLowerCase());
    }
  }

  /** Some servers take a tab for a part of the value: one of a message that is framed by it would be another message to them. */
  private refuseTabs(headers: HeaderBlock, index: number): void {
    if (headers.isTabbed(index)) throw new MessageError(`its ${headers.name(index)} header has a tab beside its value`);
  }

  private host(value: string): void {
    if (!HOST.test(value)) throw new MessageError('its Host header is malformed');
    this.hosts++;
  }

  /** Who checks the first and who reads the last must not see different ones. */
  private authorization(): void {
    if (this.authorized) throw new MessageError('it has more than one Authorization header');
    this.authorized = true;
  }

  private expect(value: string): void {
    if (this.expectsContinue || this.expectsOther) throw new MessageError('it has more than one Expect header');
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
