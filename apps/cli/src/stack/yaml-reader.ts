import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Alias, type Document, type Node, type YAMLMap } from 'yaml';
import { shownText, withoutControls } from '@shoal/domain/shared/shown-text';
import { CliError } from '../cli-error';

/** A value of a file, and where it stands. */
export interface Located {
  readonly node: Node | undefined;
  /** Such as `functions.echo.limits`; empty for the whole file. */
  readonly at: string;
  /** From 1. */
  readonly line: number;
}

export interface Entry extends Located {
  readonly key: string;
  /** Of the key, which is where its value is missing when it is. */
  readonly keyLine: number;
  /** Whether its value is there for aliases too. */
  readonly isAnchor: boolean;
}

/** Names and items that are read in one file, those that aliases bring again among them. */
const MAX_VALUES = 200_000;
/** How many `*alias` are followed in one file: with aliases of aliases a small file can be endless. */
const MAX_ALIASES = 10_000;
const MAX_MERGE_DEPTH = 20;
/** More would not be read by anybody. */
const MAX_PROBLEMS = 50;
/** Of the parser's words, which have some of the file in them. */
const MAX_SENTENCE_CHARACTERS = 200;
/** What goes on being looked for: how many there are is told. */
const MAX_NOTED = 1_000;
const SEVERAL_DOCUMENTS = 'a second document begins; a file holds one';

/**
 * Reads one YAML file and gathers all that is wrong with it, each with its line. What cannot be read is answered with
 * `undefined`, and its problem noted. Aliases and merge keys (`<<`) are followed.
 */
export class YamlReader {
  readonly root: Located;
  /** Whether it is no YAML, so that what can be read of it misleads. */
  readonly isBroken: boolean;
  readonly warnings: string[] = [];
  private readonly problems: { readonly line: number; readonly text: string }[] = [];
  private readonly lines = new LineCounter();
  private readonly targets = new Map<Alias, Node>();
  private aliases = 0;
  private values = 0;

  /** @param path what problems name. */
  constructor(
    text: string,
    private readonly path: string,
  ) {
    const document = this.parse(text);
    this.isBroken = document === undefined || document.errors.length > 0;
    for (const { pos, code, message } of document?.errors ?? []) this.note(this.lineOf(pos[0]), code === 'MULTIPLE_DOCS' ? SEVERAL_DOCUMENTS : sentence(message));
    for (const { pos, message } of document?.warnings ?? []) this.warn({ at: '', line: this.lineOf(pos[0]) }, sentence(message));
    this.root = { node: document?.contents ?? undefined, at: '', line: 1 };
  }

  /** Whether nothing was there, or `null`. */
  isEmpty({ node }: Located): boolean {
    const target = this.follow(node);
    return target === undefined || (isScalar(target) && target.value === null);
  }

  /** The text as it was written, whatever YAML would make of it; empty for `null`. */
  text(value: Located, example?: unknown): string | undefined {
    const node = this.follow(value.node);
    if (node === undefined) return '';
    if (!isScalar(node)) return this.mustBe(value, 'text', example);
    return node.value === null ? '' : (node.source ?? '');
  }

  flag(value: Located): boolean | undefined {
    const text = this.text(value, true)?.toLowerCase();
    if (text === undefined) return undefined;
    if (['true', 'yes', 'on'].includes(text)) return true;
    if (['false', 'no', 'off'].includes(text)) return false;
    return this.fail(value, 'must be true or false');
  }

  items(value: Located, example?: unknown): readonly Located[] | undefined {
    const node = this.follow(value.node);
    if (!isSeq(node)) return this.mustBe(value, 'a list', example);
    if (!this.count(node.items.length, value)) return undefined;
    return node.items.map((item, index) => this.located(item as Node | null, `${value.at}[${index}]`, value.line));
  }

  /** By key, merged ones last. */
  entries(value: Located, example?: unknown): ReadonlyMap<string, Entry> | undefined {
    const node = this.follow(value.node);
    if (!isMap(node)) return this.mustBe(value, 'a map', example);
    const entries = new Map<string, Entry>();
    this.collect(node, value, { entries, depth: 0 });
    return entries;
  }

  /** Notes a problem; always answers `undefined`. */
  fail({ at, line }: Pick<Located, 'at' | 'line'>, problem: string): undefined {
    this.note(line, at === '' ? problem : `${at} ${problem}`);
  }

  warn({ at, line }: Pick<Located, 'at' | 'line'>, warning: string): void {
    if (this.warnings.length === MAX_PROBLEMS) this.warnings.push(`${this.path}: and more warnings`);
    if (this.warnings.length > MAX_PROBLEMS) return;
    this.warnings.push(`${this.path}:${line}: ${at === '' ? warning : `${at} ${warning}`}`);
  }

  /** Throws `CliError` with all problems, one a line, when there are any. */
  throwProblems(hint: string): void {
    if (this.problems.length === 0) return;
    const texts = this.problems.sort((a, b) => a.line - b.line).map(({ line, text }) => `${this.path}:${line}: ${text}`);
    const shown = [...new Set(texts)];
    const rest = shown.length - MAX_PROBLEMS;
    throw new CliError('usage', [...shown.slice(0, MAX_PROBLEMS), ...(rest > 0 ? [`and ${rest} more problems`] : [])].join('\n'), hint);
  }

  private parse(text: string): Document | undefined {
    try {
      const document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false, merge: true, uniqueKeys: false });
      const anchors = new Map<string, Node>();
      visit(document, {
        Node: (_, node) => {
          const target = isAlias(node) ? anchors.get(node.source) : undefined;
          if (isAlias(node) && target) this.targets.set(node, target);
          if (!isAlias(node) && node.anchor) anchors.set(node.anchor, node);
          if (isMap(node)) this.noteRepeated(node);
        },
      });
      return document;
    } catch (error) {
      // The parser calls itself for each level.
      if (!(error instanceof RangeError)) throw error;
      this.note(1, 'it is nested too deeply');
      return undefined;
    }
  }

  /** The parser's own check compares each name with all others. */
  private noteRepeated(map: YAMLMap): void {
    const names = new Set<string>();
    for (const { key } of map.items) {
      if (!isScalar(key) || (key.type === 'PLAIN' && key.source === '<<')) continue;
      const name = key.source ?? '';
      if (names.has(name)) this.note(this.lineOf(key.range?.[0] ?? 0), `\`${shownText(name)}\` is there twice in one map`);
      names.add(name);
    }
  }

  private collect(map: YAMLMap, owner: Located, { entries, depth }: { readonly entries: Map<string, Entry>; readonly depth: number }): void {
    if (!this.count(map.items.length, owner)) return;
    const merged: Located[] = [];
    for (const pair of map.items) {
      const key = pair.key as Node | null;
      const keyLine = this.located(key, owner.at, owner.line).line;
      const value = pair.value as Node | null;
      if (!isScalar(key)) {
        this.fail({ at: owner.at, line: keyLine }, 'has a key that is not text');
      } else if (key.type === 'PLAIN' && key.source === '<<') {
        merged.push(this.located(value, owner.at === '' ? '<<' : `${owner.at}.<<`, keyLine));
      } else {
        const name = key.source ?? '';
        const at = owner.at === '' ? shownText(name) : `${owner.at}.${shownText(name)}`;
        if (!entries.has(name)) entries.set(name, { ...this.located(value, at, keyLine), key: name, keyLine, isAnchor: !isAlias(value) && value?.anchor !== undefined });
      }
    }
    for (const source of merged) this.merge(source, owner, { entries, depth: depth + 1 });
  }

  /** False when too many have been read. */
  private count(values: number, { line }: Located): boolean {
    this.values += values;
    if (this.values <= MAX_VALUES) return true;
    this.fail({ at: '', line }, `with what its aliases stand for it has more than ${MAX_VALUES} values`);
    return false;
  }

  /** Whether more warnings would not be told. */
  get isWarned(): boolean {
    return this.warnings.length > MAX_PROBLEMS;
  }

  /** Whether so much is wrong that no more of it would be told. */
  get isHopeless(): boolean {
    return this.problems.length > MAX_NOTED;
  }

  private merge(source: Located, owner: Located, target: { readonly entries: Map<string, Entry>; readonly depth: number }): void {
    if (target.depth > MAX_MERGE_DEPTH) return this.fail(source, `is merged more than ${MAX_MERGE_DEPTH} levels deep`);
    const node = this.follow(source.node);
    for (const one of isSeq(node) ? (node.items as Node[]) : [node]) {
      const map = this.follow(one);
      if (isMap(map)) this.collect(map, owner, target);
      else this.fail(source, 'must be an alias of a map, such as *defaults');
    }
  }

  private follow(node: Node | undefined): Exclude<Node, Alias> | undefined {
    let target = node;
    while (isAlias(target)) {
      this.aliases += 1;
      if (this.aliases > MAX_ALIASES) return this.fail({ at: '', line: this.lineOf(target.range?.[0] ?? 0) }, `more than ${MAX_ALIASES} aliases are followed`);
      const next = this.targets.get(target);
      if (!next) return this.fail({ at: '', line: this.lineOf(target.range?.[0] ?? 0) }, `*${shownText(target.source)} has no anchor &${shownText(target.source)} before it`);
      target = next;
    }
    return target;
  }

  private located(node: Node | null | undefined, at: string, otherwiseLine: number): Located {
    const offset = node?.range?.[0];
    const isWritten = offset !== undefined && !(isScalar(node) && node.source === '');
    return { node: node ?? undefined, at, line: isWritten ? this.lineOf(offset) : otherwiseLine };
  }

  private mustBe(value: Located, what: string, example: unknown): undefined {
    return this.fail(value, `must be ${what}${example === undefined ? '' : ` such as ${typeof example === 'string' ? example : JSON.stringify(example)}`}`);
  }

  private note(line: number, text: string): undefined {
    this.problems.push({ line, text });
  }

  private lineOf(offset: number): number {
    return Math.max(1, this.lines.linePos(offset).line);
  }
}

/** A text that others wrote for people, as the end of a line of ours. */
function sentence(text: string): string {
  const first = withoutControls(text.split('\n')[0]!.slice(0, MAX_SENTENCE_CHARACTERS)).replace(/[.:]$/, '');
  return first.charAt(0).toLowerCase() + first.slice(1);
}
