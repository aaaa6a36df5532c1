import { Document, isAlias, isCollection, isMap, isScalar, LineCounter, parseDocument, stringify, YAMLMap, type Node } from 'yaml';
import type { Resources } from '@shoal/domain/functions/function-spec';
import { CliError } from '../cli-error';
import { readStack } from './read-stack';
import { STACK_VERSION } from './stack-keys';
import { substitute } from './substitute';

export interface NewFunction {
  readonly name: string;
  readonly lang: string;
  readonly handler: string;
  readonly image: string;
  readonly requests?: Resources;
  readonly limits?: Resources;
}

const PLAIN = { lineWidth: 0 } as const;
const INDENT = 2;

/** Text of a stack file with one function. */
export function newStackFile(fn: NewFunction & { readonly gateway: string }): string {
  const provider = stringify({ provider: { name: 'openfaas', gateway: fn.gateway } }, PLAIN);
  return `version: ${STACK_VERSION}\n${provider}functions:\n${indented(entryOf(fn, INDENT), INDENT)}`;
}

export interface AppendOptions {
  /** What errors name. */
  readonly path: string;
  /** Of the variables with which the file is judged; they are not written into it. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * `text` with one function more, after those that it has; all else stays as it is, comments and variables too.
 *
 * @throws CliError `conflict` when it has one of that name, and `usage` when it is no stack file.
 */
export function appendFunction(text: string, fn: NewFunction, { path, env }: AppendOptions): string {
  const functionsOf = (one: string) => readStack(substitute(one, env, { path }), path).functions;
  const functions = functionsOf(text);
  if (functions.has(fn.name)) throw new CliError('conflict', `${path} has a function ${fn.name} already`, 'choose another name, or remove it from the file first');
  for (const change of [inserted, rewritten]) {
    const result = change(text, fn);
    const names = result === undefined ? [] : [...functionsOf(result).keys()];
    if (result !== undefined && names.length === functions.size + 1 && names.at(-1) === fn.name) return result;
  }
  throw new CliError('failed', `${path} is written in a way in which no function can be added to it`, 'write its functions one below the other under `functions:`');
}

/** By putting lines between others, where the functions are written one below the other. */
function inserted(text: string, fn: NewFunction): string | undefined {
  const lines = new LineCounter();
  const functions = parseDocument(text, { lineCounter: lines, merge: true, uniqueKeys: false }).get('functions', true);
  if (!isMap<Node, Node | null>(functions) || functions.flow || functions.items.length === 0) return undefined;
  const columnOf = (node: Node): number => lines.linePos(node.range![0]).col - 1;
  const column = columnOf(functions.items[0]!.key);
  const first = functions.items[0]!.value;
  const indent = isMap<Node>(first) && !first.flow && first.items.length > 0 ? columnOf(first.items[0]!.key) - column : INDENT;
  const end = endOfLine(text, endOfContent(functions));
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const before = text.slice(0, end);
  const isSpaced = functions.items.length > 1 && functions.items.at(-1)!.key.spaceBefore === true;
  const entry = indented(entryOf(fn, Math.max(1, indent)), column).replaceAll('\n', eol);
  return before + (before.endsWith('\n') ? '' : eol) + (isSpaced ? eol : '') + entry + text.slice(end);
}

/** By writing the whole file anew, with its comments but not with its spaces. */
function rewritten(text: string, { name, ...rest }: NewFunction): string {
  const document: Document = parseDocument(text, { merge: true, uniqueKeys: false });
  if (!isMap(document.get('functions', true))) document.set('functions', new YAMLMap());
  document.setIn(['functions', name], document.createNode(valueOf(rest)));
  return document.toString(PLAIN);
}

/** Where the last thing in `node` ends that is no comment. */
function endOfContent(node: Node): number {
  if (!isCollection(node) || node.flow || node.items.length === 0) return node.range![1];
  const last = node.items.at(-1) as Node | { readonly key: Node; readonly value: Node | null };
  if (!('key' in last)) return endOfContent(last);
  const isWritten = last.value !== null && (!isScalar(last.value) || last.value.source !== '' || last.value.type !== 'PLAIN');
  return isWritten && last.value ? (isAlias(last.value) ? last.value.range![1] : endOfContent(last.value)) : last.key.range![1];
}

function endOfLine(text: string, at: number): number {
  if (at > 0 && text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

function entryOf({ name, ...rest }: NewFunction, indent: number): string {
  return stringify({ [name]: valueOf(rest) }, { ...PLAIN, indent });
}

/** In the order in which people read it; no more than is meant. */
function valueOf({ lang, handler, image, requests, limits }: Omit<NewFunction, 'name'>): object {
  return { lang, handler, image, ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) };
}

function indented(text: string, columns: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(columns));
}
