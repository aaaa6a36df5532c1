import { Argument, Command, Option } from 'commander';
import { CliError } from '../cli-error';
import type { CompletionCommand } from '../completion/completion-tree';
import type { Terminal } from '../terminal';

const SCRIPTS: Readonly<Record<string, () => Promise<(root: CompletionCommand) => string>>> = {
  bash: async () => (await import('../completion/bash')).bashCompletion,
  zsh: async () => (await import('../completion/zsh')).zshCompletion,
  fish: async () => (await import('../completion/fish')).fishCompletion,
};
const SHELLS = Object.keys(SCRIPTS);

export function completionCommand(terminal: Terminal): Command {
  return new Command('completion')
    .description('Writes a script by which a shell completes commands, flags, and the names of functions on the gateway.')
    .addArgument(new Argument('[shell]', 'for which shell').choices(SHELLS))
    .addOption(new Option('--shell <shell>', 'the same, as faas-cli has it').choices(SHELLS))
    .addHelpText('after', '\nbash: source <(shoal completion bash)\nzsh:  source <(shoal completion zsh)\nfish: shoal completion fish | source\nIn the file that the shell reads at its start, it is there for good.')
    .action((shell: string | undefined, options: { readonly shell?: string }, own: Command) => complete(terminal, shell ?? options.shell, own.parent!));
}

async function complete(terminal: Terminal, shell: string | undefined, program: Command): Promise<void> {
  if (shell === undefined) throw new CliError('usage', 'no shell is named', `one of ${SHELLS.join(', ')}, such as: shoal completion bash`);
  const { completionTree } = await import('../completion/completion-tree');
  const script = await SCRIPTS[shell]!();
  terminal.stdout.write(script(completionTree(program)));
}
