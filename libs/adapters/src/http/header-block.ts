import { charsOf, endOf, IN_TOKEN, isBlank } from './char-kinds';
import type { HeaderNames } from './header-names';
import { MessageError } from './message-error';

const MAX_HEADERS = 2_000;
const IN_VALUE = charsOf(/[\t\x20-\x7e\x80-\xff]/);
const COLON = 58;
const CR = 13;
const LF = 10;
/** Numbers that tell where one header is: its name begins and ends, its value begins and ends, its line ends. */
const TAB = 9;
const PLACES = 5;
const ONLY_ITSELF = /^(keep-alive|close|upgrade)$/i;

/**
 * The header lines of a message as they came, each character for one byte. Nothing is copied out of them until somebody
 * asks: most headers are passed on within their lines.
 */
export class HeaderBlock {
  private list: readonly string[] | undefined;

  private constructor(
    private readonly text: string,
    private readonly places: readonly number[],
  ) {}

  /** Reads lines from `from` on, each but the last ended by CR LF. @throws MessageError */
  static parse(text: string, from: number): HeaderBlock {
    const places: number[] = [];
    for (let at = from; at < text.length; ) {
      const colon = endOf(IN_TOKEN, text, at);
      let valueStart = colon + 1;
      while (isBlank(text.charCodeAt(valueStart))) valueStart++;
      const end = endOf(IN_VALUE, text, valueStart);
      const named = colon > at && text.charCodeAt(colon) === COLON;
      const ended = end === text.length || (text.charCodeAt(end) === CR && text.charCodeAt(end + 1) === LF);
      if (!named || !ended) throw new MessageError('one of its headers is malformed');
      let valueEnd = end;
      while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--;
      places.push(at, colon, valueStart, valueEnd, end);
      if (places.length > PLACES * MAX_HEADERS) throw new MessageError(`it has more than ${MAX_HEADERS} headers`, 431);
      at = end + 2;
    }
    return new HeaderBlock(text, places);
  }

  /** How many there are. */
  get count(): number {
    return this.places.length / PLACES;
  }

  /** How long the name of the one at `index` is: it tells most names apart. */
  nameLength(index: number): number {
    return this.places[PLACES * index + 1]! - this.places[PLACES * index]!;
  }

  name(index: number): string {
    return this.text.slice(this.places[PLACES * index], this.places[PLACES * index + 1]);
  }

  value(index: number): string {
    return this.text.slice(this.places[PLACES * index + 2], this.places[PLACES * index + 3]);
  }

  /** Whether a tab stands before or behind the value. HTTP allows it, but not all servers take it for a blank. */
  isTabbed(index: number): boolean {
    const { text, places } = this;
    const at = PLACES * index;
    for (let i = places[at + 1]!; i < places[at + 2]!; i++) if (text.charCodeAt(i) === TAB) return true;
    for (let i = places[at + 3]!; i < places[at + 4]!; i++) if (text.charCodeAt(i) === TAB) return true;
    return false;
  }

  /** Names and values in turn. */
  get flat(): readonly string[] {
    return (this.list ??= Array.from({ length: 2 * this.count }, (_, i) => (i % 2 === 0 ? this.name(i / 2) : this.value((i - 1) / 2))));
  }

  /** Of the first one with that name, or of the next from `from` on; -1 when there is none. @param name in lower case. */
  indexOf(name: string, from = 0): number {
    for (let i = from; i < this.count; i++) {
      if (this.nameLength(i) === name.length && this.name(i).toLowerCase() === name) return i;
    }
    return -1;
  }

  /** The first value of a header. @param name in lower case. */
  get(name: string): string | undefined {
    const at = this.indexOf(name);
    return at < 0 ? undefined : this.value(at);
  }

  /**
   * The lines, each with its end, without the headers in `dropped`; `undefined` when `Connection` names further ones, which
   * have to be looked for in another way.
   *
   * @param dropped `Connection` is among them.
   */
  linesWithout(dropped: HeaderNames): string | undefined {
    const { text, places } = this;
    let lines = '';
    let keptFrom = -1;
    for (let i = 0, at = 0; at < places.length; i++, at += PLACES) {
      const drop = dropped.hasLength(places[at + 1]! - places[at]!) && dropped.has(this.name(i));
      if (!drop) {
        if (keptFrom < 0) keptFrom = places[at]!;
        continue;
      }
      if (keptFrom >= 0) lines += text.slice(keptFrom, places[at]);
      keptFrom = -1;
      if (this.nameLength(i) === 10 && this.name(i).toLowerCase() === 'connection' && !ONLY_ITSELF.test(this.value(i))) return undefined;
    }
    return keptFrom < 0 ? lines : `${lines}${text.slice(keptFrom)}\r\n`;
  }
}
