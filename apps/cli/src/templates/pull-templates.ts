import { cp, lstat, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { lastLines, runCommand } from '../build/run-command';
import { CliError } from '../cli-error';
import type { Env } from '../terminal';
import { shippedTemplates, type TemplateFiles } from './shipped-files';
import { listTemplates } from './template';
import { parseTemplateYml } from './template-yml';

export interface PulledTemplates {
  /** Names of those that were written. */
  readonly copied: readonly string[];
  /** Names of those that were there already, and were left alone. */
  readonly present: readonly string[];
}

export interface PullOptions {
  /** The project's folder for templates, as a rule `./template`; made when it is not there. */
  readonly into: string;
  /** Whether to replace those that are there. */
  readonly overwrite: boolean;
  /** Names; all when undefined. What one of them is based on comes along. */
  readonly only?: readonly string[];
  /** For Git. */
  readonly env?: Env;
  readonly signal?: AbortSignal;
}

export interface UnpackOptions {
  /** Whether to replace those that are there; false by default. */
  readonly overwrite?: boolean;
  readonly shipped?: ReadonlyMap<string, TemplateFiles>;
}

const GIT_URL = /^(https?|ssh|git|file):\/\/|^[\w.-]+@[\w.-]+:/;
/** For whoever may run on this machine; not the umask's choice, since an image's user reads them. */
const FOLDER_MODE = 0o755;

/**
 * Copies the templates of `source`: the URL of a Git repository, or a folder, with `template/<name>/…` in it; `#ref` behind
 * it is a branch or tag.
 *
 * Each is there whole or not at all. Rejects with `missing` without Git, with `notFound` when there is no such source or no
 * such template, with `usage` when one holds links that lead out of it.
 */
export async function pullTemplates(source: string, options: PullOptions): Promise<PulledTemplates> {
  const { location, ref } = await parseSource(source);
  if (!GIT_URL.test(location) && ref === undefined && !(await isBareRepository(location))) return copyFrom(source, resolve(location), options);
  const work = await mkdtemp(join(tmpdir(), 'shoal-templates-'));
  try {
    await clone(location, ref, { ...options, work });
    return await copyFrom(source, join(work, 'clone'), options);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Writes templates that came with this program into the folder `into`, as `pullTemplates` does, and those that they are based on. Rejects with `notFound`. */
export async function unpackShipped(names: readonly string[], into: string, { overwrite = false, shipped = shippedTemplates() }: UnpackOptions = {}): Promise<PulledTemplates> {
  const ymlOf = async (name: string) => shipped.get(name)?.get('template.yml')?.text;
  const wanted = await withBases(names, ymlOf, { what: 'the templates that come with shoal', there: [...shipped.keys()] });
  return place(wanted, { into, overwrite }, async (name, folder) => {
    for (const [path, { mode, text }] of shipped.get(name)!) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text, { mode });
    }
  });
}

async function parseSource(source: string): Promise<{ location: string; ref: string | undefined }> {
  const [, location, ref] = /^([^#]*)(?:#(.*))?$/s.exec(source)!;
  if (location === '' || location!.startsWith('-') || ref === '' || ref?.startsWith('-')) {
    throw new CliError('usage', `"${source}" names no templates`, 'give the URL of a Git repository or a folder, perhaps with #branch or #tag');
  }
  const isThere = GIT_URL.test(location!) || (await stat(location!).then((found) => found.isDirectory(), () => false));
  if (!isThere) throw new CliError('notFound', `there is no folder ${location}, and it is no URL of a Git repository`, 'such a URL begins with https://, ssh://, git@ or file://');
  return { location: location!, ref };
}

async function isBareRepository(folder: string): Promise<boolean> {
  const names = await readdir(folder);
  return ['HEAD', 'objects', 'refs'].every((name) => names.includes(name));
}

async function clone(location: string, ref: string | undefined, { work, env, signal }: PullOptions & { readonly work: string }): Promise<void> {
  // Git would ignore the depth of a path, and copy all of its history.
  const url = GIT_URL.test(location) ? location : pathToFileURL(resolve(location)).href;
  const branch = ref === undefined ? [] : ['--branch', ref];
  // There is nobody to ask for a password: its output is read by us.
  const gitEnv = env && { ...env, GIT_TERMINAL_PROMPT: '0' };
  const { exitCode, output } = await runCommand(['git', 'clone', '--quiet', '--depth', '1', ...branch, '--', url, 'clone'], { cwd: work, env: gitEnv, signal });
  if (exitCode === 0) return;
  throw new CliError('notFound', `the templates of ${location}${ref === undefined ? '' : ` at ${ref}`} could not be fetched: ${lastLines(output)}`, 'see whether the address and the branch or tag are right, and whether you may read it');
}

async function copyFrom(source: string, repository: string, options: PullOptions): Promise<PulledTemplates> {
  const templates = join(repository, 'template');
  const there = await namesIn(templates);
  if (there.length === 0) throw new CliError('usage', `${source} has no templates`, 'it must have a folder template/NAME for each, with a template.yml in it');
  const ymlOf = (name: string) => (there.includes(name) ? readFile(join(templates, name, 'template.yml'), 'utf8') : Promise.resolve(undefined));
  const names = options.only === undefined ? there : await withBases(options.only, ymlOf, { what: source, there });
  for (const name of names) await refuseEscapes(join(templates, name), `template ${name} of ${source}`);
  return place(names, options, (name, folder) => cp(join(templates, name), folder, { recursive: true, verbatimSymlinks: true, force: true }));
}

async function namesIn(templates: string): Promise<readonly string[]> {
  // `template` itself could lead elsewhere.
  const isFolder = await lstat(templates).then((found) => found.isDirectory(), () => false);
  const names = isFolder ? await listTemplates(templates) : [];
  const isTemplate = await Promise.all(names.map((name) => lstat(join(templates, name, 'template.yml')).then((found) => found.isFile(), () => false)));
  return names.filter((_, index) => isTemplate[index]);
}

async function withBases(names: readonly string[], ymlOf: (name: string) => Promise<string | undefined>, { what, there }: { what: string; there: readonly string[] }): Promise<readonly string[]> {
  const wanted = new Set<string>();
  for (const name of names.map((one) => one.toLowerCase())) {
    const yml = await ymlOf(name);
    if (yml === undefined) throw new CliError('notFound', `there is no template "${name}" in ${what}; there ${there.length === 0 ? 'are none' : `are ${[...there].sort().join(', ')}`}`);
    wanted.add(name);
    const { basedOn } = parseTemplateYml(yml, `template ${name}`);
    if (basedOn !== undefined && there.includes(basedOn)) wanted.add(basedOn);
  }
  return [...wanted].sort();
}

/** Rejects when a link in `folder` leads out of it, or to nowhere: what it would show later nobody knows. */
async function refuseEscapes(folder: string, what: string): Promise<void> {
  const root = await realpath(folder);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = await realpath(path).catch(() => undefined);
    if (target?.startsWith(root + sep)) continue;
    throw new CliError('usage', `${what} has a link that leads out of it: ${path.slice(folder.length + 1)}`, 'nothing was copied; ask its author to put the file itself there');
  }
}

/** Lets `fill` write each template into a folder of its own, and puts all of them in place when that is done. */
async function place(names: readonly string[], { into, overwrite }: Pick<PullOptions, 'into' | 'overwrite'>, fill: (name: string, folder: string) => Promise<void>): Promise<PulledTemplates> {
  await mkdir(into, { recursive: true });
  const present = overwrite ? [] : (await listTemplates(into)).filter((name) => names.includes(name));
  const copied = names.filter((name) => !present.includes(name));
  const work = await mkdtemp(join(into, '.pulling-'));
  try {
    for (const name of copied) {
      await mkdir(join(work, name), { mode: FOLDER_MODE });
      await fill(name, join(work, name));
    }
    for (const name of copied) {
      await rename(join(into, name), join(work, `${name}~`)).catch(() => undefined);
      await rename(join(work, name), join(into, name));
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return { copied, present };
}
