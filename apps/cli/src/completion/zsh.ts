import { flattenTree, type CompletionCommand, type Follows } from './completion-tree';
import { LIST_FUNCTIONS, posixParts, quote, valuedFlags } from './posix-parts';

/** A script for zsh: to be sourced after compinit, or to be put into a folder of fpath as \`_shoal\`. */
export function zshCompletion(root: CompletionCommand): string {
  const all = flattenTree(root);
  const values = all.flatMap((command) =>
    valuedFlags(command).map(({ names, value }) => `    ${names.map((name) => quote(`${command.path}/${name}`)).join('|')}) ${complete(value!)} ;;`),
  );
  const commands = all.map(
    (command) => `    ${quote(command.path)})
      flags=(${command.flags.flatMap(({ names, description }) => names.filter((name) => name.startsWith('--')).map((name) => described(name, description))).join(' ')})
      commands=(${command.commands.map(({ names, summary }) => described(names[0]!, summary)).join(' ')})
      ${command.argument === undefined ? '' : `[[ $word == -* ]] || ${complete(command.argument)}`}
      ;;`,
  );
  return `#compdef shoal
# Completion of shoal for zsh. Use, after compinit: source <(shoal completion zsh)
${posixParts(root)}
_shoal() {
  local word=\${words[CURRENT]} command='' before='' one i=2
  local -a flags commands
  while ((i < CURRENT)); do
    one=\${words[i]}
    if [[ $one == -* ]]; then
      if _shoal_valued "$command" "$one"; then
        ((i + 1 == CURRENT)) && before=$one
        ((i += 1))
      fi
    else
      command=$(_shoal_child "$command" "$one" || echo "$command")
    fi
    ((i += 1))
  done
  if [[ $word == --*=* ]]; then
    before=\${word%%=*}
    compset -P '*='
  fi
  case "$command/$before" in
${values.join('\n')}
  esac
  [[ -z $before ]] || return 0
  case "$command" in
${commands.join('\n')}
  esac
  if [[ $word == -* ]]; then
    _describe -o flag flags
  elif (( $#commands )); then
    _describe command commands
  fi
}
if [[ \${funcstack[1]} == _shoal ]]; then
  _shoal "$@"
else
  compdef _shoal shoal ./shoal
fi
`;
}

/** The command that adds what fits. */
function complete(follows: Follows): string {
  if (follows === 'text') return ':';
  if (follows === 'function') return `compadd -- \${(f)"$(${LIST_FUNCTIONS})"}`;
  if (follows === 'file') return '_files';
  if (follows === 'folder') return '_files -/';
  return `compadd -- ${follows.map(quote).join(' ')}`;
}

function described(name: string, description: string): string {
  return quote(`${name.replaceAll(':', '\\:')}:${description}`);
}
