import { arch } from 'node:process';
import { Command, Option } from 'commander';
import { outputOption, print, type OutputFormat } from '../output/print';
import { formatPairs, formatTable } from '../output/table';
import { parsePlatform } from '../store/platform';
import { pullFrom, withPullFlags, type PullFlags } from '../templates/pull-and-tell';
import { findTemplate, openTemplateStore, type StoreTemplate } from '../templates/template-store';
import type { Terminal } from '../terminal';

interface LookFlags {
  readonly url?: string;
  readonly platform: string;
  readonly official?: boolean;
  readonly recommended?: boolean;
  readonly verbose?: boolean;
  readonly output: OutputFormat;
}

export function templateStoreCommand(terminal: Terminal): Command {
  return new Command('store').description('Finds templates in a template store. None is asked unless it is named.').addCommand(listCommand(terminal)).addCommand(describeCommand(terminal)).addCommand(pullCommand(terminal));
}

function withUrl(command: Command): Command {
  return command.option('-u, --url <source>', 'URL or file of the template store (default: OPENFAAS_TEMPLATE_STORE_URL)');
}

function listCommand(terminal: Terminal): Command {
  return withUrl(new Command('list').alias('ls'))
    .description('Lists the templates of a store.')
    .option('-p, --platform <name>', 'for which processor', parsePlatform, parsePlatform(arch))
    .option('-o, --official', 'only official ones')
    .option('-r, --recommended', 'only recommended ones')
    .option('-v, --verbose', 'show repository and platform too; the same as --output wide')
    .addOption(longOutputOption())
    .action((flags: LookFlags) => list(terminal, flags));
}

/** Without its short form, which is `--official` here, as in faas-cli. */
function longOutputOption(): Option {
  const option = outputOption();
  return new Option('--output <format>', option.description).choices(option.argChoices!).default(option.defaultValue as string);
}

function describeCommand(terminal: Terminal): Command {
  return withUrl(new Command('describe'))
    .description('Tells all that a store has about a template.')
    .argument('<name>', 'NAME, or SOURCE/NAME')
    .addOption(outputOption())
    .action(async (name: string, { url, output }: LookFlags) => {
      const one = findTemplate(await openTemplateStore(terminal, url), name);
      await print(terminal, output, one, () => formatOne(one));
    });
}

function pullCommand(terminal: Terminal): Command {
  return withPullFlags(withUrl(new Command('pull')))
    .description('Copies the templates of the repository that a store names into ./template.')
    .argument('<name>', 'NAME, or SOURCE/NAME')
    .action(async (name: string, flags: PullFlags & { readonly url?: string }) => pullFrom(terminal, findTemplate(await openTemplateStore(terminal, flags.url), name).repo, flags));
}

async function list(terminal: Terminal, { url, platform, official, recommended, verbose, output }: LookFlags): Promise<void> {
  const all = await openTemplateStore(terminal, url);
  const shown = all.filter((one) => parsePlatform(one.platform) === platform && (!official || one.official) && (!recommended || one.recommended));
  await print(terminal, output === 'text' && verbose ? 'wide' : output, shown, (wide) => formatAll(shown, wide));
}

function formatAll(templates: readonly StoreTemplate[], wide: boolean): readonly string[] {
  const headings = ['NAME', 'RECOMMENDED', 'SOURCE', 'DESCRIPTION', ...(wide ? ['LANGUAGE', 'PLATFORM', 'OFFICIAL', 'REPOSITORY'] : [])];
  const yes = (is: boolean) => (is ? '[x]' : '[ ]');
  return formatTable(headings, templates.map((one) => [one.template, yes(one.recommended), one.source, one.description, ...(wide ? [one.language, one.platform, yes(one.official), one.repo] : [])]));
}

function formatOne(one: StoreTemplate): readonly string[] {
  return formatPairs([
    ['Name', one.template],
    ['Description', one.description],
    ['Language', one.language],
    ['Platform', one.platform],
    ['Source', one.source],
    ['Repository', one.repo],
    ['Official', one.official ? 'yes' : 'no'],
    ['Recommended', one.recommended ? 'yes' : 'no'],
  ]);
}
