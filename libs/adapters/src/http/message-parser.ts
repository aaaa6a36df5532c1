import type { ByteBudget } from './byte-budget';
import { KeptBytes } from './kept-bytes';
import { MessageError } from './message-error';
import { isBodyless, parseRequestHead, parseResponseHead, parseTrailers, type MessageHead } from './message-head';

export { MessageError } from './message-error';
export type { MessageHead } from './message-head';

export interface MessageEvents {
  /** Returns `no-body` for a response that has none whatever it says: to a HEAD request. */
  head(head: MessageHead): 'no-body' | undefined;
  body(chunk: Buffer): void;
  /** The message has ended. Nothing is parsed until `resume`. */
  end(trailers: readonly string[]): void;
}

type State = 'head' | 'sized-body' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'endless-body' | 'ended';

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const QUOTED = '"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
const CHUNK_SIZE = new RegExp(`^([0-9A-Fa-f]{1,12})((?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*)$`);
/** In a head: a control character, or half of an end of line. */
const BROKEN_TEXT = /[^\t\r\n\x20-\x7e\x80-\xff]|(?:^|[^\r])\n|\r[^\n]/;
/** Before a request (RFC 9112 §2.2). */
const MAX_EMPTY_LINES = 4;
const MAX_CHUNK_LINE_BYTES = 4_096;
/** Of all chunks of a body: they cost work and carry nothing. */
const MAX_CHUNK_EXTENSION_BYTES = 16 * 1024;
/** Of a head: what is beyond costs some of the budget. */
const FREE_HEAD_BYTES = 16 * 1024;
const LINE_END = '\r\n';
const HEAD_END = '\r\n\r\n';
const LINE_END_BYTES = Buffer.from(LINE_END);
const NO_BYTES = Buffer.alloc(0);
const NO_TRAILERS: readonly string[] = [];

/**
 * Parses the messages of one HTTP/1.x connection, one after the other. Strict: what two parsers could understand in two
 * ways is refused (a second length, a length beside chunks, folded lines, lines that end without CR).
 *
 * Its memory is bounded by the head's limit, and that of long heads of all connections together by the budget; bodies are
 * passed on as they come, without copies.
 *
 * States: `head` → `sized-body`, `endless-body`, or `chunk-size` → `chunk` → `chunk-end` → `chunk-size` … → `trailers`;
 * then `ended`, until `resume` brings it back to `head`.
 */
export class MessageParser {
  private state: State = 'head';
  /** Of a line, or of a head, that has not come whole. */
  private readonly kept = new KeptBytes();
  /** Bytes of the body, or of the present chunk, that are still to come. */
  private left = 0;
  /** Where the text that `until` has found ends. */
  private after = 0;
  private emptyLines = 0;
  private extensionBytes = 0;
  /** Of the budget. */
  private taken = 0;

  /** @param budget for long heads, from when they begin to come until `release`. */
  constructor(
    private readonly kind: 'request' | 'response',
    private readonly maxHeadBytes: number,
    private readonly events: MessageEvents,
    private readonly budget?: ByteBudget,
  ) {}

  /** Whether a message has begun that has not ended. */
  get begun(): boolean {
    return this.state === 'head' ? this.kept.length > 0 : this.state !== 'ended';
  }

  /**
   * Takes bytes; returns those behind the message's end, which are the next one's, or another protocol's.
   *
   * @throws MessageError, after which nothing more may be parsed.
   */
  execute(bytes: Buffer): Buffer {
    let at = 0;
    while (at < bytes.byteLength && this.state !== 'ended') at = this.step(bytes, at);
    if (at === bytes.byteLength) return NO_BYTES;
    return at === 0 ? bytes : bytes.subarray(at);
  }

  /** The other side has ended, and with it a message that lasts until then. @throws MessageError when one is not whole. */
  finish(): void {
    if (this.state === 'endless-body') return this.end(NO_TRAILERS);
    if (this.begun) throw new MessageError('the connection was closed within a message');
  }

  /** Begins the next message. */
  resume(): void {
    if (this.state === 'ended') this.state = 'head';
  }

  /** The last message is not needed any more, or will never be whole. */
  release(): void {
    this.kept.clear();
    this.budget?.giveBack(this.taken);
    this.taken = 0;
  }

  /** Takes some of the bytes from `at` on; returns the place of the next. */
  private step(bytes: Buffer, at: number): number {
    switch (this.state) {
      case 'head':
        return this.head(bytes, at);
      case 'chunk-size':
        return this.chunkSize(bytes, at);
      case 'chunk-end':
        return this.chunkEnd(bytes, at);
      case 'trailers':
        return this.trailers(bytes, at);
      case 'sized-body':
      case 'chunk':
        return this.sized(bytes, at);
      case 'endless-body':
        this.events.body(at === 0 ? bytes : bytes.subarray(at));
        return bytes.byteLength;
      case 'ended':
        return at;
    }
  }

  private head(bytes: Buffer, at: number): number {
    const before = this.kept.length;
    const text = this.until(HEAD_END, bytes, at, this.maxHeadBytes);
    if (text === undefined) {
      this.refuseBrokenText(before);
      return bytes.byteLength;
    }
    let from = 0;
    if (this.kind === 'request') {
      // `text` lacks the two line ends behind it: when there is nothing else, they are empty lines themselves.
      while (text.startsWith(LINE_END, from)) from += LINE_END.length;
      this.emptyLines += from / LINE_END.length + (from === text.length ? 2 : 0);
      if (this.emptyLines > MAX_EMPTY_LINES) throw new MessageError('it begins with too many empty lines');
      if (from === text.length) return this.after;
    }
    this.emptyLines = 0;
    this.begin(from === 0 ? text : text.slice(from));
    return this.after;
  }

  /** Early, so that who speaks another protocol, or ends lines with LF, is not left to wait for an answer. */
  private refuseBrokenText(before: number): void {
    const text = this.kept.text(before - 1, this.kept.length);
    if (BROKEN_TEXT.test(before > 0 && text.startsWith('\n') ? text.slice(1) : text)) throw new MessageError('its head is no text');
  }

  private begin(text: string): void {
    const request = this.kind === 'request';
    const parsed = request ? parseRequestHead(text) : parseResponseHead(text);
    const { status, lengthBytes, chunked } = parsed;
    const bodyless = !request && isBodyless(status);
    const endless = !request && !bodyless && !chunked && lengthBytes === undefined;
    this.left = lengthBytes ?? 0;
    this.extensionBytes = 0;
    if (this.events.head(parsed) === 'no-body' || bodyless) return this.end(NO_TRAILERS);
    if (chunked) this.state = 'chunk-size';
    else if (endless) this.state = 'endless-body';
    else if (this.left > 0) this.state = 'sized-body';
    else this.end(NO_TRAILERS);
  }

  private sized(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.byteLength, at + this.left);
    this.left -= end - at;
    this.events.body(end - at === bytes.byteLength ? bytes : bytes.subarray(at, end));
    if (this.left > 0) return end;
    if (this.state === 'chunk') this.state = 'chunk-end';
    else this.end(NO_TRAILERS);
    return end;
  }

  private chunkSize(bytes: Buffer, at: number): number {
    const text = this.until(LINE_END, bytes, at, MAX_CHUNK_LINE_BYTES);
    if (text === undefined) return bytes.byteLength;
    const [, size, extensions] = CHUNK_SIZE.exec(text) ?? [];
    if (size === undefined) throw new MessageError('a chunk has no size');
    this.extensionBytes += extensions!.length;
    if (this.extensionBytes > MAX_CHUNK_EXTENSION_BYTES) throw new MessageError('its chunks say too much beside their sizes');
    this.left = parseInt(size, 16);
    this.state = this.left > 0 ? 'chunk' : 'trailers';
    // The end of this line begins the end of the trailers, so that no trailers end like some.
    if (this.left === 0) this.kept.append(LINE_END_BYTES, 0, LINE_END.length);
    return this.after;
  }

  private chunkEnd(bytes: Buffer, at: number): number {
    const text = this.until(LINE_END, bytes, at, 0);
    if (text === undefined) return bytes.byteLength;
    this.state = 'chunk-size';
    return this.after;
  }

  private trailers(bytes: Buffer, at: number): number {
    const text = this.until(HEAD_END, bytes, at, this.maxHeadBytes);
    if (text === undefined) return bytes.byteLength;
    this.end(text === '' ? NO_TRAILERS : parseTrailers(text, LINE_END.length));
    return this.after;
  }

  /**
   * The text up to `mark`, of what is kept and of `bytes` from `at` on; `after` is where it goes on then. Without a mark
   * all is kept, and there is no text. @throws MessageError when the text is longer than `maxBytes`.
   */
  private until(mark: string, bytes: Buffer, at: number, maxBytes: number): string | undefined {
    const before = this.kept.length;
    if (before === 0) {
      const found = bytes.indexOf(mark, at, 'latin1');
      if (found >= 0) {
        if (found - at > maxBytes) throw this.tooLong(maxBytes);
        this.after = found + mark.length;
        return bytes.toString('latin1', at, found);
      }
    }
    const room = maxBytes + mark.length - before;
    const taken = Math.min(bytes.byteLength - at, room);
    this.kept.append(bytes, at, at + taken);
    this.takeOfBudget();
    const found = this.kept.indexOf(mark, before - mark.length + 1);
    if (found < 0) {
      if (taken === room) throw this.tooLong(maxBytes);
      return undefined;
    }
    this.after = at + found + mark.length - before;
    const text = this.kept.text(0, found);
    this.kept.clear();
    return text;
  }

  private takeOfBudget(): void {
    const wanted = this.kept.length - FREE_HEAD_BYTES - this.taken;
    if (!this.budget || wanted <= 0) return;
    if (!this.budget.take(wanted)) throw new MessageError('too many long heads are on their way already', 429);
    this.taken += wanted;
  }

  private tooLong(maxBytes: number): MessageError {
    if (this.state === 'chunk-end') return new MessageError('a chunk is longer than it says');
    if (this.state === 'chunk-size') return new MessageError('a chunk has no size');
    return new MessageError(`its head is longer than ${maxBytes} bytes`, 431);
  }

  private end(trailers: readonly string[]): void {
    this.state = 'ended';
    this.events.end(trailers);
  }
}
