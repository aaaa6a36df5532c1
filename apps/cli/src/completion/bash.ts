import { flattenTree, type CompletionCommand, type Follows } from './completion-tree';
import { LIST_FUNCTIONS, posixParts, quote, valuedFlags } from './posix-parts';

/** A script for bash 3.2 and newer that needs nothing else, not even the package bash-completion. */
export function bashCompletion(root: CompletionCommand): string {
  const all = flattenTree(root);
  const values = all.flatMap((command) =>
    valuedFlags(command).map(({ names, value }) => `    ${names.map((name) => quote(`${command.path}/${name}`)).join('|')}) ${complete(value!)} ;;`),
  );
  const commands = all.map(
    (command) => `    ${quote(command.path)})
      flags=${quote(command.flags.flatMap(({ names }) => names.filter((name) => name.startsWith('--'))).join(' '))}
      words=${quote(command.commands.map(({ names }) => names[0]).join(' '))}
      ${command.argument === undefined ? '' : `[[ $word == -* ]] || ${complete(command.argument)}`}
      ;;`,
  );
  return `# Completion of shoal for bash. Use: source <(shoal completion bash)
${posixParts(root)}
_shoal_complete() {
  local word=\${COMP_WORDS[COMP_CWORD]} path='' flags='' words='' before='' i=1 one next
  # bash takes --name=value apart.
  while ((i < COMP_CWORD)); do
    one=\${COMP_WORDS[i]}
    next=\${COMP_WORDS[i + 1]}
    if [[ $one == -* ]]; then
      if [[ $next == = ]]; then
        ((i + 1 >= COMP_CWORD)) && word=
        ((i + 2 >= COMP_CWORD)) && before=$one
        ((i += 2))
      elif _shoal_valued "$path" "$one"; then
        ((i + 1 == COMP_CWORD)) && before=$one
        ((i += 1))
      fi
    else
      path=$(_shoal_child "$path" "$one" || echo "$path")
    fi
    ((i += 1))
  done
  COMPREPLY=()
  case "$path/$before" in
${values.join('\n')}
  esac
  [[ -z $before ]] || return 0
  case "$path" in
${commands.join('\n')}
  esac
  [[ $word == -* ]] && words=$flags
  [[ -z $words ]] || COMPREPLY+=($(compgen -W "$words" -- "$word"))
}
complete -F _shoal_complete shoal
complete -F _shoal_complete ./shoal
`;
}

/** The command that adds what fits $word. */
function complete(follows: Follows): string {
  if (follows === 'text') return ':';
  if (follows === 'function') return `COMPREPLY+=($(compgen -W "$(${LIST_FUNCTIONS})" -- "$word"))`;
  if (follows === 'file' || follows === 'folder') return `{ compopt -o filenames 2>/dev/null; local IFS=$'\\n'; COMPREPLY+=($(compgen ${follows === 'file' ? '-f' : '-d'} -- "$word")); unset IFS; }`;
  return `COMPREPLY+=($(compgen -W ${quote(follows.join(' '))} -- "$word"))`;
}
