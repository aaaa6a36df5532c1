import { flattenTree, type CompletionCommand, type CompletionFlag } from './completion-tree';

/** In single quotes, for any shell but fish. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Prints the names of the functions on the gateway, or nothing soon. */
export const LIST_FUNCTIONS = 'shoal list --quiet --timeout 2s 2>/dev/null';

/**
 * Functions that bash and zsh have in common: PREFIX_child tells the path of the command that a word leads to, and
 * PREFIX_valued whether a flag is followed by its value. Both take the path of the command they are in first.
 */
export function posixParts(root: CompletionCommand): string {
  const all = flattenTree(root);
  const children = all.flatMap(({ path, commands }) => commands.map((child) => `    ${child.names.map((name) => quote(`${path}/${name}`)).join('|')}) echo ${quote(child.path)} ;;`));
  const valued = all.flatMap(({ path, flags }) => {
    const names = flags.filter(({ value }) => value !== undefined).flatMap((flag) => flag.names);
    return names.length === 0 ? [] : [`    ${names.map((name) => quote(`${path}/${name}`)).join('|')}) return 0 ;;`];
  });
  return `_shoal_child() {
  case "$1/$2" in
${children.join('\n')}
    *) return 1 ;;
  esac
}
_shoal_valued() {
  case "$1/$2" in
${valued.join('\n')}
  esac
  return 1
}`;
}

/** The flags with values of a command, by what they may be. */
export function valuedFlags({ flags }: CompletionCommand): readonly CompletionFlag[] {
  return flags.filter(({ value }) => value !== undefined && value !== 'text');
}
