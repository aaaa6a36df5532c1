import { Command } from 'commander';
import { CliError } from '../cli-error';
import { outputOption, print, type OutputFormat } from '../output/print';
import { formatTable } from '../output/table';
import { loadStackFile } from '../stack/stack-file';
import { withSwitch } from '../switches';
import { describeTemplates, type TemplateFacts } from '../templates/describe-templates';
import { pullFrom, tellPulled, templatesIn, withPullFlags, type PullFlags } from '../templates/pull-and-tell';
import { unpackShipped } from '../templates/pull-templates';
import { shippedTemplates } from '../templates/shipped-files';
import { findTemplate, openTemplateStore } from '../templates/template-store';
import { note, type Terminal } from '../terminal';
import { templateStoreCommand } from './template-store';

interface StackFlags extends PullFlags {
  readonly yaml?: string;
  readonly envsubst: boolean;
}

export function templateCommand(terminal: Terminal): Command {
  return new Command('template')
    .description('Lists and fetches templates. Those that come with shoal need no network.')
    .addCommand(listCommand(terminal))
    .addCommand(pullCommand(terminal))
    .addCommand(templateStoreCommand(terminal));
}

function listCommand(terminal: Terminal): Command {
  return new Command('list')
    .alias('ls')
    .description('Lists the templates that come with shoal and those in ./template, with what each needs.')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) => {
      const templates = await describeTemplates(templatesIn(terminal), terminal.env);
      await print(terminal, output, templates, () => formatTemplates(templates));
    });
}

function pullCommand(terminal: Terminal): Command {
  const stack = withPullFlags(new Command('stack'))
    .description('Fetches the templates that the stack file names under configuration.templates.')
    .option('-f, --yaml <file>', 'the stack file, or its URL (default: stack.yaml or stack.yml here)');
  withSwitch(stack, 'envsubst', 'leave ${…} in the stack file as it is', true);
  return withPullFlags(new Command('pull'))
    .description('Copies templates into ./template, from OPENFAAS_TEMPLATE_URL or from shoal itself when nothing is named.')
    .argument('[source]', 'URL of a Git repository, or a folder, with template/NAME in it; #REF chooses a branch or tag')
    .action((source: string | undefined, flags: PullFlags) => pull(terminal, source, flags))
    .addCommand(stack.action((_: object, command: Command) => pullStack(terminal, command.optsWithGlobals<StackFlags>())));
}

async function pull(terminal: Terminal, named: string | undefined, flags: PullFlags): Promise<void> {
  const source = named ?? terminal.env['OPENFAAS_TEMPLATE_URL'];
  if (source) return pullFrom(terminal, source, flags);
  note(terminal, 'No repository is named: these are the templates that come with shoal.');
  tellPulled(terminal, await unpackShipped([...shippedTemplates().keys()], templatesIn(terminal), { overwrite: flags.overwrite ?? false }));
}

async function pullStack(terminal: Terminal, flags: StackFlags): Promise<void> {
  const { cwd, env } = terminal;
  const stack = await loadStackFile({ file: flags.yaml, cwd, env, envsubst: flags.envsubst });
  if (!stack) throw new CliError('usage', 'there is no stack.yaml or stack.yml in this folder', 'name one with --yaml');
  const { templates } = stack.configuration;
  if (templates.length === 0) throw new CliError('usage', `${stack.path} names no templates`, 'list them under configuration.templates, each with a name and a source');
  for (const { name, source } of templates) {
    if (source === undefined && shippedTemplates().has(name)) tellPulled(terminal, await unpackShipped([name], templatesIn(terminal), { overwrite: flags.overwrite ?? false }));
    else await pullFrom(terminal, source ?? findTemplate(await openTemplateStore(terminal, undefined), name).repo, { ...flags, only: [name] });
  }
}

function formatTemplates(templates: readonly TemplateFacts[]): readonly string[] {
  return formatTable(
    ['NAME', 'LANGUAGE', 'MODE', 'FROM', 'NEEDS'],
    templates.map(({ name, language, mode, from, needs, missing }) => [name, language, mode || '-', from === 'shipped' ? 'shoal' : './template', needs.map((one) => (missing.includes(one) ? `${one} (not here)` : one)).join(', ')]),
  );
}
