import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../cli-error';
import { parseTemplateYml, type InstallStep, type TemplateYml } from './template-yml';

/** How functions of one language are built. */
export interface Template {
  /** In lower case. */
  readonly name: string;
  /** Its folder, after that of the template it is based on: where both have a file, the later one counts. */
  readonly folders: readonly string[];
  /** What a new function's folder holds: the template's own, else that of the one it is based on, never both. `undefined` when there is none. */
  readonly sampleFolder?: string;
  readonly language?: string;
  /** The command, for images whose function says none. */
  readonly fprocess?: string;
  readonly buildOptions: readonly { readonly name: string; readonly packages: readonly string[] }[];
  readonly welcomeMessage?: string;
  /** Where the handler lies in a build, and the sample of it in the template; empty for `dockerfile`: beside all else. */
  readonly handlerFolder: string;
  readonly mountSsh: boolean;
  /**
   * One of these must be in a function's folder. With any, what the template has in its handler folder is a sample and no
   * part of a build.
   */
  readonly handlerFiles: readonly string[];
  /** Whether TypeScript becomes JavaScript. */
  readonly stripTypes: boolean;
  /** For bundles. The first that has something to install is run. */
  readonly install: readonly InstallStep[];
  /** For bundles: run in the bundle's folder after that. */
  readonly build?: readonly string[];
}

const NAME = /^[a-z0-9][-a-z0-9_.]*$/;
/** Needs no template: the Dockerfile is in the function's own folder. */
const DOCKERFILE = 'dockerfile';

/**
 * Reads the template that `lang` names, in any case, from `templatesFolder`, `./template` as a rule.
 *
 * Rejects with `notFound` when it is not there, with `usage` when it is no good.
 */
export async function loadTemplate(lang: string, templatesFolder: string): Promise<Template> {
  const name = lang.toLowerCase();
  const own = await readTemplateYml(name, templatesFolder);
  if (own === undefined && name !== DOCKERFILE) throw await missing(lang, templatesFolder);
  const base = own?.basedOn === undefined ? {} : await readBase(name, own.basedOn, templatesFolder);
  const { basedOn, ...merged } = { ...base, ...own };
  const shared = { buildOptions: [], handlerFiles: [], mountSsh: false, stripTypes: false, install: [], ...merged };
  const folders = (basedOn === undefined ? [name] : [basedOn, name]).map((one) => join(templatesFolder, one));
  const handlerFolder = merged.handlerFolder ?? 'function';
  const sampleFolder = await lastFolder(folders.map((one) => join(one, handlerFolder)));
  const found = { ...shared, name, ...(sampleFolder === undefined ? {} : { sampleFolder }) };
  if (name === DOCKERFILE) return { ...found, folders: [], handlerFolder: '', handlerFiles: ['Dockerfile'] };
  return { ...found, folders, handlerFolder };
}

async function lastFolder(paths: readonly string[]): Promise<string | undefined> {
  const areFolders = await Promise.all(paths.map((path) => stat(path).then((one) => one.isDirectory(), () => false)));
  return paths.findLast((_, index) => areFolders[index]);
}

/** The names of the templates in `templatesFolder`, sorted; none when there is no such folder. */
export async function listTemplates(templatesFolder: string): Promise<readonly string[]> {
  const entries = await readdir(templatesFolder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && NAME.test(entry.name))
    .map(({ name }) => name)
    .sort();
}

async function readBase(name: string, basedOn: string, templatesFolder: string): Promise<TemplateYml> {
  const base = await readTemplateYml(basedOn, templatesFolder);
  if (base === undefined) {
    throw new CliError('notFound', `the template ${name} is based on ${basedOn}, which is not in ${templatesFolder}`, `fetch it from where ${name} came from: shoal template pull`);
  }
  if (base.basedOn !== undefined) throw new CliError('usage', `the template ${name} is based on ${basedOn}, which is itself based on ${base.basedOn}; one step is as far as it goes`);
  return base;
}

/** Resolves with `undefined` when there is no such template. */
async function readTemplateYml(name: string, templatesFolder: string): Promise<TemplateYml | undefined> {
  if (!NAME.test(name)) return undefined;
  const file = join(templatesFolder, name, 'template.yml');
  try {
    return parseTemplateYml(await readFile(file, 'utf8'), file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function missing(lang: string, templatesFolder: string): Promise<CliError> {
  const there = await listTemplates(templatesFolder);
  const what = there.length === 0 ? 'there are none' : `there are ${there.join(', ')}`;
  return new CliError('notFound', `there is no template "${lang}" in ${templatesFolder}; ${what}`, '"shoal new --list" shows those that come with shoal; "shoal template pull URL" fetches others');
}
