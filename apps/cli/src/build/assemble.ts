import { readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { CliError } from '../cli-error';
import type { Template } from '../templates/template';
import { addFolder, addPath, writeFiles, type BuildFile, type BuildFiles } from './build-files';
import { replaceFolder } from './replace-folder';
import { strippedName, stripTypes } from './strip-types';

export interface Assembly {
  readonly function: { readonly name: string; readonly handler?: string };
  readonly template: Template;
  /** The project's folder, absolute; builds go to `build/` in it. */
  readonly folder: string;
  /** Files and folders that go to the handler's folder too, relative to `folder`. */
  readonly copy: readonly string[];
  /** Of the build's folder; 0o700 by default. */
  readonly folderMode?: number;
  readonly signal?: AbortSignal | undefined;
}

/** In a handler's folder: never part of a function. Packages are installed anew, for where it runs. */
const LEFT_OUT: ReadonlySet<string> = new Set(['build', 'template', 'node_modules', '.git', '__pycache__']);

/**
 * Puts together what an image is built from, in `build/<name>/`: the template, the handler, what is copied. What was there
 * before is replaced in the end only, and stays if anything fails.
 *
 * @returns that folder. Rejects with `usage` when the handler, its file or a path to copy is not there or leads outside.
 */
export async function assemble(assembly: Assembly): Promise<string> {
  const files = await collectFiles(assembly);
  const target = join(assembly.folder, 'build', assembly.function.name);
  await replaceFolder(target, assembly.folderMode ?? 0o700, async (folder) => void (await writeFiles(files, folder, assembly.signal)));
  return target;
}

/** The files that a build is made of. Rejects as `assemble` does. */
export async function collectFiles({ function: { name, handler }, template, folder, copy }: Assembly): Promise<BuildFiles> {
  const handlerFolder = await findHandler(name, handler, folder);
  const files: BuildFiles = new Map();
  for (const one of template.folders) await addFolder(files, one, '');
  // Else a file that somebody has removed from the handler would come back as the sample's.
  if (template.handlerFiles.length > 0) for (const path of [...files.keys()]) if (path.startsWith(`${template.handlerFolder}/`)) files.delete(path);
  await addFolder(files, handlerFolder, template.handlerFolder, (entry) => LEFT_OUT.has(entry));
  const inHandler = (path: string) => (template.handlerFolder === '' ? path : `${template.handlerFolder}/${path}`);
  if (template.handlerFiles.length > 0 && !template.handlerFiles.some((file) => files.has(inHandler(file)))) {
    const wanted = template.handlerFiles.join(', ');
    throw new CliError('usage', `function ${name}: ${handler} has no ${template.handlerFiles.length === 1 ? wanted : `file of ${wanted}`}`, `functions of the template ${template.name} begin there; "shoal new" shows how one looks`);
  }
  for (const path of copy) {
    const { from, inProject } = await findCopied(path, folder);
    await addPath(files, from, inHandler(inProject));
  }
  return template.stripTypes ? withoutTypes(files, inHandler('')) : files;
}

async function findHandler(name: string, handler: string | undefined, folder: string): Promise<string> {
  if (handler === undefined || handler === '') throw new CliError('usage', `function ${name} has no handler`, 'name the folder with its code: "handler" in the stack file, or --handler');
  const path = resolve(folder, handler);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new CliError('usage', `function ${name}: its handler ${handler} does not exist`, `see "handler" in the stack file, or make it: shoal new ${name} --lang LANGUAGE`);
  if (!found.isDirectory()) throw new CliError('usage', `function ${name}: its handler ${handler} is not a folder`, 'name the folder that the file is in');
  return path;
}

async function findCopied(path: string, folder: string): Promise<{ from: string; inProject: string }> {
  const project = await realpath(folder);
  const from = await realpath(resolve(folder, path)).catch(() => {
    throw new CliError('usage', `copy: ${path} does not exist`, `paths to copy start at ${folder}`);
  });
  const inProject = relative(project, from);
  if (inProject === '') throw new CliError('usage', `copy: ${path} is the project itself`, 'name what the function needs of it');
  if (isOutside(inProject)) throw new CliError('usage', `copy: ${path} lies outside of the project`, `only what is in ${folder} can be copied`);
  // A link keeps its own name.
  const asNamed = relative(resolve(folder), resolve(folder, path));
  return { from, inProject: (isOutside(asNamed) ? inProject : asNamed).split('\\').join('/') };
}

function isOutside(path: string): boolean {
  return path === '..' || path.startsWith('../') || isAbsolute(path);
}

async function withoutTypes(files: BuildFiles, prefix: string): Promise<BuildFiles> {
  const stripped: BuildFiles = new Map();
  const froms = new Map<string, string>();
  for (const [path, file] of files) {
    const target = path.startsWith(prefix) ? (strippedName(path) ?? path) : path;
    if (target === '') continue;
    if (stripped.has(target)) throw new CliError('usage', `${froms.get(target)} and ${file.from} would both become ${target}`, 'rename one of them');
    froms.set(target, file.from);
    stripped.set(target, target === path ? file : await strippedFile(file));
  }
  return stripped;
}

async function strippedFile(file: BuildFile): Promise<BuildFile> {
  return { ...file, text: await stripTypes(await readFile(file.from, 'utf8'), file.from) };
}
