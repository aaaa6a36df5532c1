import { Command } from 'commander';
import { CliError } from '../cli-error';
import { openGateway } from '../gateway/open-gateway';
import { outputOption, print, type OutputFormat } from '../output/print';
import { formatPairs, formatTable } from '../output/table';
import { findFunction } from '../store/find-function';
import { openStores } from '../store/open-stores';
import { parsePlatform, whyNot } from '../store/platform';
import type { StoreFunction } from '../store/store-function';
import { askPlatform, withStoreOptions, type StoreOptions } from '../store/store-options';
import type { TextMap } from '../stack/stack-file';
import { note, type Terminal } from '../terminal';
import { storeDeployCommand } from './store-deploy';

interface LookOptions extends StoreOptions {
  readonly verbose?: boolean;
  readonly output: OutputFormat;
}

export function storeCommand(terminal: Terminal): Command {
  return new Command('store')
    .description('Finds and deploys ready-made functions. The store that comes with shoal needs no network.')
    .addCommand(listCommand(terminal))
    .addCommand(describeCommand(terminal))
    .addCommand(storeDeployCommand(terminal));
}

function listCommand(terminal: Terminal): Command {
  return withStoreOptions(new Command('list').alias('ls'))
    .description('Lists the functions that run on the gateway, and says which do not and why.')
    .option('-v, --verbose', 'show description and images too; the same as --output wide')
    .addOption(outputOption())
    .action((options: LookOptions) => list(terminal, options));
}

function describeCommand(terminal: Terminal): Command {
  return withStoreOptions(new Command('describe').alias('inspect'))
    .description('Tells all that the store has about a function, by its name or title.')
    .argument('<name>')
    .option('-v, --verbose', 'show what is empty too')
    .addOption(outputOption())
    .action((name: string, options: LookOptions) => describe(terminal, name, options));
}

async function list(terminal: Terminal, options: LookOptions): Promise<void> {
  const all = await openStores(terminal, options.url);
  const platform = await platformIfKnown(terminal, options);
  const hidden = platform === undefined ? [] : all.flatMap((one) => ({ one, reason: whyNot(one, platform) })).filter(({ reason }) => reason !== undefined);
  const shown = all.filter((one) => !hidden.some((other) => other.one === one));
  await print(terminal, options.output === 'text' && options.verbose ? 'wide' : options.output, shown, (wide) => (wide ? formatWide(shown) : formatShort(shown)));
  if (hidden.length > 0) note(terminal, `Hidden, for they do not run on ${platform}:`, ...hidden.map(({ one, reason }) => `  ${one.name}: ${reason}`));
}

async function describe(terminal: Terminal, name: string, options: LookOptions): Promise<void> {
  const one = findFunction(await openStores(terminal, options.url), name);
  const platform = await platformIfKnown(terminal, options);
  await print(terminal, options.output, one, () => formatPairs(factsOf(one, platform).filter(([, value]) => options.verbose || value !== '').map(([title, value]) => [title, value || '<none>'] as const)));
}

/** Who looks into the store may have no gateway yet; then nothing is hidden. */
async function platformIfKnown(terminal: Terminal, options: LookOptions): Promise<string | undefined> {
  if (options.platform !== undefined) return parsePlatform(options.platform);
  try {
    return await askPlatform(await openGateway(terminal, options), options.platform);
  } catch (error) {
    if (!(error instanceof CliError) || error.reason === 'usage') throw error;
    note(terminal, `Whether it runs there is not known: ${error.message}. Nothing is hidden; --platform says for what it has to be.`);
    return undefined;
  }
}

function formatShort(functions: readonly StoreFunction[]): readonly string[] {
  return formatTable(['FUNCTION', 'AUTHOR', 'DESCRIPTION'], functions.map(({ name, author, title }) => [name, author ?? 'unknown', title]));
}

function formatWide(functions: readonly StoreFunction[]): readonly string[] {
  return formatTable(['FUNCTION', 'AUTHOR', 'TITLE', 'RUNS ON', 'DESCRIPTION'], functions.map(({ name, author, title, images, description }) => [name, author ?? 'unknown', title, Object.keys(images).join(','), description]));
}

function factsOf(one: StoreFunction, platform: string | undefined): readonly (readonly [string, string])[] {
  const reason = platform === undefined ? undefined : whyNot(one, platform);
  return [
    ['Title', one.title],
    ['Name', one.name],
    ['Author', one.author ?? ''],
    ['Description', one.description],
    ['Runs there', platform === undefined ? '' : reason === undefined ? `yes, on ${platform}` : `no: ${reason}`],
    ['Image', (platform === undefined ? undefined : one.images[platform]) ?? linesOf(one.images)],
    ['Process', one.fprocess ?? ''],
    ['Read-only', one.readOnlyRootFilesystem ? 'yes' : ''],
    ['Repo URL', one.repoUrl ?? ''],
    ['Environment', linesOf(one.environment)],
    ['Labels', linesOf(one.labels)],
    ['Annotations', linesOf(one.annotations)],
  ];
}

function linesOf(map: TextMap): string {
  return Object.entries(map).map(([key, value]) => `${key}: ${value}`).join('\n');
}
