import { flattenTree, type CompletionCommand, type Follows } from './completion-tree';
import { LIST_FUNCTIONS } from './posix-parts';

/** A script for fish 3 and newer. */
export function fishCompletion(root: CompletionCommand): string {
  const all = flattenTree(root);
  const children = all.flatMap(({ path, commands }) => commands.map((child) => `        case ${child.names.map((name) => quote(`${path}/${name}`)).join(' ')}\n            echo ${quote(child.path)}`));
  const valued = all.flatMap(({ path, flags }) => flags.filter(({ value }) => value !== undefined).flatMap(({ names }) => names.map((name) => quote(`${path}/${name}`))));
  return `# Completion of shoal for fish. Use: shoal completion fish | source
function __shoal_child
    switch "$argv[1]/$argv[2]"
${children.join('\n')}
        case '*'
            echo $argv[1]
    end
end
function __shoal_path
    set -l path ''
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if string match -q -- '-*' $word
            contains -- "$path/$word" ${valued.join(' ')}; and set skip 1
        else
            set path (__shoal_child "$path" "$word")
        end
    end
    echo $path
end
function __shoal_in
    test (__shoal_path) = "$argv[1]"
end
complete -c shoal -f
${all.flatMap(linesOf).join('\n')}
`;
}

function linesOf(command: CompletionCommand): readonly string[] {
  const condition = `complete -c shoal -n ${quote(`__shoal_in ${quote(command.path)}`)}`;
  return [
    ...command.commands.map(({ names, summary }) => `${condition} -a ${quote(names[0]!)} -d ${quote(summary)}`),
    ...command.flags.map(({ names, description, value }) => {
      const words = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
      return [condition, ...words, '-d', quote(description), ...(value === undefined ? [] : [`-r ${complete(value)}`])].join(' ');
    }),
    ...(command.argument === undefined || command.argument === 'text' ? [] : [`${condition} ${complete(command.argument)}`]),
  ];
}

function complete(follows: Follows): string {
  if (follows === 'text') return '-f';
  if (follows === 'function') return `-f -a ${quote(`(${LIST_FUNCTIONS})`)}`;
  if (follows === 'file') return '-F';
  return `-f -a ${quote(follows === 'folder' ? '(__fish_complete_directories)' : follows.join(' '))}`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
