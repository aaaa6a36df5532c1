import { CliError } from '../cli-error';
import { matchesGlob } from './glob';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a file may grow to. */
export const MAX_SUBSTITUTED_CHARACTERS = 4 * 2 ** 20;
/** Comparisons that patterns may cost in one file: each cut of a value is compared with its pattern. */
const MAX_PATTERN_WORK = 100_000_000;
/** How deep `${A:-${B:-…}}` may go. */
const MAX_NESTING = 50;
const NAME = /[A-Za-z0-9_]+/y;

/**
 * Replaces `${NAME}` and its forms (wire contract §7.9) in the whole text, comments too. `$NAME` is left alone, `$$` stands
 * for `$`, and a variable that is empty counts as one that is not set. Pure.
 *
 * @param options.path what errors name besides the line.
 * @throws CliError `usage` for a form that is not one, with its line.
 */
export function substitute(text: string, env: Environment, { path }: { readonly path?: string } = {}): string {
  return new Substitution(text, env, path).run();
}

class Substitution {
  private at = 0;
  private nesting = 0;
  private patternWork = 0;

  constructor(
    private readonly text: string,
    private readonly env: Environment,
    private readonly path: string | undefined,
  ) {}

  run(): string {
    return this.readUntil('', 0);
  }

  /** Reads on to one of the characters `ends`, without it, or to the end of the text. */
  private readUntil(ends: string, start: number): string {
    let result = '';
    let from = this.at;
    const take = (more: string): void => {
      result += more;
      if (result.length > MAX_SUBSTITUTED_CHARACTERS) throw this.tooLong(start);
    };
    while (this.at < this.text.length && !ends.includes(this.text[this.at]!)) {
      const isVariable = this.text.startsWith('${', this.at);
      if (!isVariable && !this.text.startsWith('$$', this.at)) {
        this.at += 1;
        continue;
      }
      take(this.text.slice(from, this.at));
      this.at += 2;
      take(isVariable ? this.readVariable(this.at - 2) : '$');
      from = this.at;
    }
    take(this.text.slice(from, this.at));
    return result;
  }

  /** @param start where its `${` is. */
  private readVariable(start: number): string {
    this.nesting += 1;
    if (this.nesting > MAX_NESTING) throw this.wrong(start, `variables are nested more than ${MAX_NESTING} deep`, 'write the value out');
    const isLength = this.skip('#');
    const value = this.readName(start);
    if (/^[#%]/.test(this.text[this.at] ?? '')) this.spendOn(value, start);
    const result = isLength ? String([...value].length) : this.readOperation(value, start);
    if (!this.skip('}')) throw this.unclosed(start);
    this.nesting -= 1;
    return result;
  }

  private readName(start: number): string {
    NAME.lastIndex = this.at;
    const name = NAME.exec(this.text)?.[0];
    if (name === undefined) {
      throw this.at < this.text.length ? this.wrong(start, 'there is no name of a variable after ${', 'write ${NAME}, or $${ where ${ itself is meant') : this.unclosed(start);
    }
    this.at += name.length;
    return Object.hasOwn(this.env, name) ? (this.env[name] ?? '') : '';
  }

  /** What follows the name, up to the closing brace. */
  private readOperation(value: string, start: number): string {
    for (const operator of [':-', ':=', ':?', ':+', '=']) {
      if (!this.skip(operator)) continue;
      const fallback = this.readUntil('}', start);
      return value || fallback;
    }
    if (this.skip(':')) return this.readSlice(value, start);
    if (this.skip('^^')) return value.toUpperCase();
    if (this.skip(',,')) return value.toLowerCase();
    if (this.skip('^')) return withFirst(value, (first) => first.toUpperCase());
    if (this.skip(',')) return withFirst(value, (first) => first.toLowerCase());
    if (this.skip('##')) return withoutPrefix(value, this.readUntil('}', start), 'longest');
    if (this.skip('#')) return withoutPrefix(value, this.readUntil('}', start), 'shortest');
    if (this.skip('%%')) return withoutSuffix(value, this.readUntil('}', start), 'longest');
    if (this.skip('%')) return withoutSuffix(value, this.readUntil('}', start), 'shortest');
    if (this.skip('/')) return this.readReplacement(value, start);
    return value;
  }

  private readSlice(value: string, start: number): string {
    const characters = [...value];
    const from = this.readInteger(':}', start);
    if (!this.skip(':')) return characters.slice(from).join('');
    const length = this.readInteger('}', start);
    const begin = from < 0 ? Math.max(0, characters.length + from) : from;
    return characters.slice(begin, length < 0 ? length : begin + length).join('');
  }

  private readInteger(ends: string, start: number): number {
    const text = this.readUntil(ends, start).trim();
    if (this.at >= this.text.length) throw this.unclosed(start);
    if (!/^-?\d{1,9}$/.test(text)) throw this.wrong(start, 'what follows the colon is not a whole number', 'write ${NAME:offset:length}, or ${NAME:-default} for a default');
    return Number(text);
  }

  private readReplacement(value: string, start: number): string {
    const where = ['/', '#', '%'].find((one) => this.skip(one));
    const sought = this.readUntil('/}', start);
    const replacement = this.skip('/') ? this.readUntil('}', start) : '';
    if (sought === '') return value;
    if (where === '#') return value.startsWith(sought) ? replacement + value.slice(sought.length) : value;
    if (where === '%') return value.endsWith(sought) ? value.slice(0, -sought.length) + replacement : value;
    const parts = value.split(sought);
    if (parts.length * replacement.length > MAX_SUBSTITUTED_CHARACTERS) throw this.tooLong(start);
    return where === '/' ? parts.join(replacement) : [parts.slice(0, 2).join(replacement), ...parts.slice(2)].join(sought);
  }

  private spendOn(value: string, start: number): void {
    this.patternWork += value.length ** 2;
    if (this.patternWork > MAX_PATTERN_WORK) throw this.wrong(start, 'patterns take too long on values that are so long', 'use shorter values, or fewer patterns');
  }

  private skip(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private unclosed(start: number): CliError {
    const name = /^[#A-Za-z0-9_]*/.exec(this.text.slice(start + 2, start + 80))![0];
    return this.wrong(start, `missing closing brace after \${${name}`, 'a default is written ${NAME:-default}; where ${ itself is meant, write $${, or use --envsubst=false');
  }

  private tooLong(start: number): CliError {
    return this.wrong(start, `with its variables the file is longer than ${MAX_SUBSTITUTED_CHARACTERS} characters`, 'use shorter values');
  }

  private wrong(start: number, problem: string, hint: string): CliError {
    const line = this.text.slice(0, start).split('\n').length;
    return new CliError('usage', `${this.path === undefined ? `line ${line}` : `${this.path}:${line}`}: ${problem}`, hint);
  }
}

function withFirst(value: string, change: (first: string) => string): string {
  const [first = '', ...rest] = value;
  return change(first) + rest.join('');
}

/** Cut lengths in the order in which they are tried. */
function cuts(value: string, which: 'shortest' | 'longest'): readonly number[] {
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => length);
  return which === 'shortest' ? lengths : lengths.reverse();
}

function withoutPrefix(value: string, pattern: string, which: 'shortest' | 'longest'): string {
  const cut = cuts(value, which).find((length) => matchesGlob(value.slice(0, length), pattern));
  return value.slice(cut ?? 0);
}

function withoutSuffix(value: string, pattern: string, which: 'shortest' | 'longest'): string {
  const cut = cuts(value, which).find((length) => matchesGlob(value.slice(value.length - length), pattern));
  return value.slice(0, value.length - (cut ?? 0));
}
