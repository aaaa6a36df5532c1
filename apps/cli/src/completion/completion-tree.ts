import type { Argument, Command, Option } from 'commander';

/** What may follow: one of these words, the name of a file, of a folder, of a function on the gateway, or any text. */
export type Follows = readonly string[] | 'file' | 'folder' | 'function' | 'text';

export interface CompletionFlag {
  /** `--output`, `-o`. */
  readonly names: readonly string[];
  readonly description: string;
  /** `undefined` when the flag has no value. */
  readonly value: Follows | undefined;
}

export interface CompletionCommand {
  /** The words that lead to it, by their own names: `secret create`; empty for the program itself. */
  readonly path: string;
  /** The last of them, and its aliases. */
  readonly names: readonly string[];
  readonly summary: string;
  readonly flags: readonly CompletionFlag[];
  /** What its arguments are; `undefined` when it has none. */
  readonly argument: Follows | undefined;
  readonly commands: readonly CompletionCommand[];
}

/** Commands whose arguments are functions of the gateway. */
const OF_FUNCTIONS: ReadonlySet<string> = new Set(['describe', 'invoke', 'logs', 'remove', 'scale', 'scaling']);

/** What shells need to know of a program, whichever they are. Hidden options are left out. */
export function completionTree(program: Command): CompletionCommand {
  return treeOf(program, '');
}

function treeOf(command: Command, path: string): CompletionCommand {
  const help: CompletionFlag = { names: ['--help', '-h'], description: 'tell how it is used', value: undefined };
  return {
    path,
    names: [command.name(), ...command.aliases()],
    summary: command.summary() || command.description(),
    flags: [...command.options.filter(({ hidden }) => !hidden).map(flagOf), help],
    argument: OF_FUNCTIONS.has(path) ? 'function' : argumentOf(command.registeredArguments[0]),
    commands: command.commands.map((child) => treeOf(child, path === '' ? child.name() : `${path} ${child.name()}`)),
  };
}

function flagOf({ long, short, flags, description, required, optional, argChoices }: Option): CompletionFlag {
  const names = [long, short].flatMap((name) => name ?? []);
  return { names, description, value: required || optional ? (argChoices ?? kindOf(/[<[]([^\]>]*)/.exec(flags)?.[1] ?? '')) : undefined };
}

function argumentOf(argument: Argument | undefined): Follows | undefined {
  return argument && (argument.argChoices ?? kindOf(argument.name()));
}

function kindOf(placeholder: string): Follows {
  if (/folder|directory|\bdir\b/.test(placeholder)) return 'folder';
  return /file|path/.test(placeholder) ? 'file' : 'text';
}

/** The command and all below it. */
export function flattenTree(command: CompletionCommand): readonly CompletionCommand[] {
  return [command, ...command.commands.flatMap(flattenTree)];
}
