import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import ts from 'typescript';
import { visible } from '../apps/cli/src/reference/cli-reference';
import { wholeProgram } from '../apps/cli/src/reference/whole-program';

/** Whether what is not tested fails; until all is, it is only listed. */
const COMPLETE = true;

/** One command line in a spec. */
interface Line {
  readonly words: readonly string[];
  /** The whole file's words when some of the line's come from elsewhere in it, else the line's own. */
  readonly flags: ReadonlySet<string>;
}

describe('linesOf()', () => {
  const linesIn = (text: string) => linesOf(text).map(({ words, flags }) => [words.join(' '), [...flags].filter((one) => one.startsWith('-')).join(' ')]);

  it('finds the words of arrays and calls, and their flags without values', () => {
    expect(linesIn("cli.run(['list', '--sort=name', '-q']); shoal('secret', 'create', `--from-literal=${x}`);")).toEqual([
      ['list --sort=name -q', '--sort -q'],
      ['secret create --from-literal=', '--from-literal'],
    ]);
  });

  it('counts all flags of a file for a line that takes words from elsewhere', () => {
    expect(linesIn("const run = (...args) => cli.run(['deploy', ...args]); run('--image', 'x');")).toContainEqual(['deploy', '--image']);
  });
});

describe('untested()', () => {
  it('names a command that no line runs, and a flag that no line of its command has', async () => {
    const program = await wholeProgram();
    const left = untested(program, linesOf("cli.run(['list', '--quiet'])"));
    expect(left).toEqual(expect.arrayContaining(['shoal version', 'shoal list: --sort <order>']));
    expect(left).not.toContain('shoal list');
    expect(left).not.toContain('shoal list: -q, --quiet');
  });
});

it('every command and flag in --help has a test', async () => {
  const left = untested(await wholeProgram(), specs().flatMap(linesOf));
  if (COMPLETE) expect(left).toEqual([]);
  else console.log(['These have no test yet:', ...left].join('\n'));
});

/** The texts of specs that run commands: as processes, by `run()` of the program, or what is built to be shipped. */
function specs(): readonly string[] {
  return ['apps/cli/src', 'test'].flatMap((folder) => {
    const path = join(__dirname, '..', folder);
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.spec.ts'));
    return files.map((file) => readFileSync(join(path, file), 'utf8')).filter((text) => /from '[^']*\/(cli-process|program)'|dist\/cli/.test(text));
  });
}

/** What reads like a command line: arrays, and arguments of calls, that begin with texts. */
function linesOf(source: string): readonly Line[] {
  const lists: { readonly words: readonly string[]; readonly open: boolean }[] = [];
  const look = (node: ts.Node) => {
    const list = ts.isArrayLiteralExpression(node) ? node.elements : ts.isCallExpression(node) ? node.arguments : undefined;
    const words = list?.flatMap((one) => textOf(one) ?? []) ?? [];
    if (list && words.length > 0) lists.push({ words, open: list.some((one) => ts.isSpreadElement(one)) });
    node.forEachChild(look);
  };
  look(ts.createSourceFile('spec.ts', source, ts.ScriptTarget.Latest));
  const all = flagsOf(lists.flatMap(({ words }) => words));
  return lists.map(({ words, open }) => ({ words, flags: open ? all : flagsOf(words) }));
}

function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  return ts.isTemplateExpression(node) ? node.head.text : undefined;
}

/** Without values; `--name=false` is the same as `--no-name`. */
function flagsOf(words: readonly string[]): ReadonlySet<string> {
  return new Set(words.filter((word) => word.startsWith('-')).map((word) => word.replace(/^--(.*)=(false|0|f)$/i, '--no-$1').replace(/=.*$/s, '')));
}

/** Options with the same flags and description are one, made in one place: a test with any command is enough. */
function untested(program: Command, lines: readonly Line[]): readonly string[] {
  const commands = flatten(program, 'shoal', lines);
  const key = ({ flags, description }: Option) => `${flags} ${description}`;
  const tested = new Set(
    commands.flatMap(({ command, own }) => visible(command).flatMap((option) => (own.some(({ flags }) => flags.has(option.long ?? '') || flags.has(option.short ?? '')) ? [key(option)] : []))),
  );
  return commands.flatMap(({ command, path, own }) => [
    ...(own.length === 0 ? [path] : []),
    ...visible(command).flatMap((option) => (tested.has(key(option)) ? [] : [`${path}: ${option.flags}`])),
  ]);
}

/** The command and all below it, each with the lines that run it or one below it. */
function flatten(command: Command, path: string, own: readonly Line[], depth = 0): readonly { readonly command: Command; readonly path: string; readonly own: readonly Line[] }[] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  return [
    { command, path, own },
    ...children.flatMap((child) => {
      const names = [child.name(), ...child.aliases()];
      return flatten(child, `${path} ${child.name()}`, own.filter(({ words }) => names.includes(words[depth] ?? '')), depth + 1);
    }),
  ];
}
