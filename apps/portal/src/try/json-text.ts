export type JsonTokenKind = 'key' | 'string' | 'number' | 'word' | 'mark' | 'space' | 'wrong';

export interface JsonToken {
  readonly kind: JsonTokenKind;
  readonly text: string;
  /** Where it begins in the whole. */
  readonly at: number;
}

export interface JsonProblem {
  readonly message: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

// eslint-disable-next-line no-control-regex
const TOKEN = /([ \t\n\r]+)|("[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|((?:true|false|null)(?!\w))|([{}[\],:])|("[^\n]*|[^\s"{}[\],:]+|[^])/gy;
const KINDS = ['space', 'string', 'number', 'word', 'mark', 'wrong'] as const;
/** Deeper levels are not moved further to the right: a text of brackets alone would grow by its square. */
const MAX_INDENT = 40;

/** Cuts a text into the tokens of JSON; what is none is `wrong`. Together they are the text again. */
export function jsonTokens(text: string): JsonToken[] {
  const tokens: JsonToken[] = [];
  let value = -1; // the last token that is no space
  for (const match of text.matchAll(TOKEN)) {
    const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)]!;
    const token = { kind, text: match[0], at: match.index };
    const before = tokens[value];
    if (token.text === ':' && before?.kind === 'string') tokens[value] = { ...before, kind: 'key' };
    if (kind !== 'space') value = tokens.length;
    tokens.push(token);
  }
  return tokens;
}

/** What is expected next; `first` and `more` tell an empty list from one with a comma at its end. */
type Expected = 'value' | 'first value' | 'first key' | 'key' | 'colon' | 'more' | 'end';

const EXPECTED: Readonly<Record<Exclude<Expected, 'more'>, string>> = {
  value: 'a value',
  'first value': 'a value or ]',
  'first key': 'a key in double quotes or }',
  key: 'a key in double quotes',
  colon: 'a colon',
  end: 'the end',
};

/** What keeps a text from being JSON, and where; `undefined` when it is. Agrees with `JSON.parse`, and says the same in every browser. */
export function jsonProblem(text: string, tokens: readonly JsonToken[] = jsonTokens(text)): JsonProblem | undefined {
  const open: string[] = [];
  let expected: Expected = 'value';
  for (const token of tokens) {
    if (token.kind === 'space') continue;
    const next = after(token, expected, open);
    if (next === undefined) return problemAt(text, token.at, `${sayExpected(expected, open)} is expected, not ${sayToken(token)}`);
    expected = next;
  }
  if (expected === 'end') return undefined;
  return problemAt(text, text.length, `${sayExpected(expected, open)} is expected, not the end`);
}

function after({ kind, text }: JsonToken, expected: Expected, open: string[]): Expected | undefined {
  const wantsValue = expected === 'value' || expected === 'first value';
  const closed = () => (open.length === 0 ? 'end' : 'more');
  if (kind === 'mark') {
    if (text === '{' && wantsValue) return open.push('}'), 'first key';
    if (text === '[' && wantsValue) return open.push(']'), 'first value';
    if (text === ':') return expected === 'colon' ? 'value' : undefined;
    if (text === ',') return expected === 'more' ? (open.at(-1) === '}' ? 'key' : 'value') : undefined;
    const mayClose = expected === 'more' || (text === ']' ? expected === 'first value' : expected === 'first key');
    if (!mayClose || open.at(-1) !== text) return undefined;
    open.pop();
    return closed();
  }
  if (kind === 'wrong') return undefined;
  if (expected === 'key' || expected === 'first key') return kind === 'key' || kind === 'string' ? 'colon' : undefined;
  return wantsValue ? closed() : undefined;
}

function sayExpected(expected: Expected, open: readonly string[]): string {
  return expected === 'more' ? `a comma or ${open.at(-1)}` : EXPECTED[expected];
}

function sayToken({ kind, text }: JsonToken): string {
  if (kind === 'wrong' && text.startsWith('"')) return 'a string that is not closed on its line, or has a backslash or control character that JSON does not know';
  return text.length > 24 ? `${text.slice(0, 24)}…` : text;
}

function problemAt(text: string, at: number, message: string): JsonProblem {
  const before = text.slice(0, at).split('\n');
  return { message, line: before.length, column: before.at(-1)!.length + 1 };
}

/** Writes JSON on lines, with two spaces a level. Numbers and repeated keys stay as they are; so does a text that is no JSON. */
export function formatJson(text: string): string {
  const tokens = jsonTokens(text);
  if (jsonProblem(text, tokens)) return text;
  const parts: string[] = [];
  let depth = 0;
  const line = () => parts.push('\n', '  '.repeat(Math.min(depth, MAX_INDENT)));
  const solid = tokens.filter(({ kind }) => kind !== 'space');
  solid.forEach(({ text: part }, i) => {
    const opens = part === '{' || part === '[';
    const closes = part === '}' || part === ']';
    const wasOpened = i > 0 && ['{', '['].includes(solid[i - 1]!.text);
    if (closes) depth--;
    if (closes ? !wasOpened : wasOpened) line();
    parts.push(part === ':' ? ': ' : part);
    if (opens) depth++;
    if (part === ',') line();
  });
  return parts.join('');
}
