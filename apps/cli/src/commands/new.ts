import { exists } from '../build/dependencies';
import { join, resolve } from 'node:path';
import { parseName } from '@shoal/domain/functions/function-spec';
import { parseCpuMillis, parseMemoryBytes } from '@shoal/domain/shared/quantity';
import { messageOf } from '@shoal/domain/shared/errors';
import { Command } from 'commander';
import { CliError } from '../cli-error';
import { gatewayUrl } from '../gateway/gateway-url';
import { templatesFolder } from '../project/project-templates';
import { createFunction } from '../project/create-function';
import { note, say, type Terminal } from '../terminal';
import { unpackShipped } from '../templates/pull-templates';
import { shippedTemplates } from '../templates/shipped-files';
import { listTemplates, loadTemplate } from '../templates/template';

interface NewOptions {
  readonly lang?: string;
  readonly list?: boolean;
  readonly gateway?: string;
  readonly handler?: string;
  readonly prefix?: string;
  readonly append?: string;
  readonly yaml?: string;
  readonly quiet?: boolean;
  readonly memoryLimit?: string;
  readonly cpuLimit?: string;
  readonly memoryRequest?: string;
  readonly cpuRequest?: string;
}

export function newCommand(terminal: Terminal): Command {
  return new Command('new')
    .description('Makes a function from a template: a folder with its code, and an entry in the stack file.')
    .argument('[name]', 'of the function: a-z, 0-9 and -')
    .option('--lang <template>', 'the template, such as node; --list shows all')
    .option('--list', 'list the templates that can be chosen')
    .option('-f, --yaml <file>', 'the stack file to write or add to (default: the one here, else stack.yaml)')
    .option('-a, --append <file>', 'a stack file that is there already, to add the function to')
    .option('-g, --gateway <url>', 'the gateway to note in a new stack file')
    .option('--handler <folder>', 'the folder for the code (default: ./NAME)')
    .option('-p, --prefix <prefix>', 'comes before the name of the image (default: OPENFAAS_PREFIX)')
    .option('-q, --quiet', 'do not say what to do next')
    .option('--memory-limit <amount>', 'the most memory it may use, such as 128Mi')
    .option('--cpu-limit <amount>', 'the most CPU it may use, such as 500m')
    .option('--memory-request <amount>', 'the memory that is reserved for it')
    .option('--cpu-request <amount>', 'the CPU that is reserved for it')
    .action((name: string | undefined, options: NewOptions) => (options.list ? listLanguages(terminal) : create(terminal, name, options)));
}

async function listLanguages(terminal: Terminal): Promise<void> {
  const names = await languages(terminal);
  say(terminal, 'Languages available as templates:', ...names.map((name) => `- ${name}`));
}

async function languages({ cwd }: Terminal): Promise<readonly string[]> {
  return [...new Set([...shippedTemplates().keys(), ...(await listTemplates(templatesFolder({ folder: cwd })))])].sort();
}

async function create(terminal: Terminal, name: string | undefined, options: NewOptions): Promise<void> {
  if (name === undefined) throw new CliError('usage', 'the function needs a name', 'such as: shoal new hello --lang node');
  if (options.lang === undefined) throw new CliError('usage', 'the function needs a template', `choose one: shoal new ${name} --lang ${(await languages(terminal)).join('|')}`);
  try {
    parseName(name, 'the name');
  } catch (error) {
    throw new CliError('usage', messageOf(error), undefined, { cause: error });
  }
  const { cwd, env } = terminal;
  const into = templatesFolder({ folder: cwd });
  const lang = options.lang.toLowerCase();
  if (!(await listTemplates(into)).includes(lang) && shippedTemplates().has(lang)) await unpackShipped([lang], into);
  const template = await loadTemplate(lang, into);
  const file = await stackFileFor(cwd, options);
  const handler = options.handler ?? `./${name}`;
  const prefix = (options.prefix ?? env['OPENFAAS_PREFIX'] ?? '').replace(/\/+$/, '');
  await createFunction({
    folder: cwd,
    file,
    template,
    env,
    gateway: gatewayUrl({ flag: options.gateway, inFile: undefined, env }),
    entry: {
      name,
      lang,
      handler,
      image: `${prefix === '' ? '' : `${prefix}/`}${name}:latest`,
      ...amounts('limits', options.memoryLimit, options.cpuLimit),
      ...amounts('requests', options.memoryRequest, options.cpuRequest),
    },
  });
  say(terminal, `Function created in folder: ${handler}`, `Stack file: ${file}`);
  if (options.quiet) return;
  if (template.welcomeMessage !== undefined) say(terminal, '', 'Notes:', template.welcomeMessage.trimEnd());
  const isDefault = ['stack.yaml', 'stack.yml'].includes(file);
  note(terminal, '', `Next: shoal up${isDefault ? '' : ` -f ${file}`}`);
}

/** The file to write the function to; that of `--append` has to be there. */
async function stackFileFor(cwd: string, { append, yaml }: NewOptions): Promise<string> {
  const given = append ?? yaml;
  if (given !== undefined && !/\.ya?ml$/.test(given)) throw new CliError('usage', `the stack file ${given} must end in .yml or .yaml`);
  if (append !== undefined && !(await exists(resolve(cwd, append)))) throw new CliError('usage', `the stack file ${append} does not exist`, 'leave --append out to make one');
  if (given !== undefined) return given;
  for (const name of ['stack.yaml', 'stack.yml']) if (await exists(join(cwd, name))) return name;
  return 'stack.yaml';
}

function amounts(key: 'limits' | 'requests', memory: string | undefined, cpu: string | undefined): object {
  if (memory === undefined && cpu === undefined) return {};
  if (memory !== undefined && parseMemoryBytes(memory) === undefined) throw new CliError('usage', `${memory} is no amount of memory`, 'such as 128Mi or 1Gi');
  if (cpu !== undefined && parseCpuMillis(cpu) === undefined) throw new CliError('usage', `${cpu} is no amount of cpu`, 'such as 500m for half a core, or 2');
  return { [key]: { ...(memory === undefined ? {} : { memory }), ...(cpu === undefined ? {} : { cpu }) } };
}
