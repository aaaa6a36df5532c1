import { createHash } from 'node:crypto';
import { copyFileSync, linkSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { cp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { CliError } from '../cli-error';
import type { InstallStep } from '../templates/template-yml';
import { makeBeside } from './replace-folder';
import { lastLines, runCommand } from './run-command';

/** What has to be installed for a function, and a name for the outcome: the same for the same files. */
export interface Installation {
  readonly key: string;
  readonly run: readonly string[];
}

const MAX_CACHED = 10;
/** Of a shell, and of ours: the command, or one that it needs, is not there. */
const NOT_FOUND = 127;

/** What `steps` have to install for the handler in `folder`; `undefined` when that is nothing. */
export async function findInstallation(steps: readonly InstallStep[], folder: string): Promise<Installation | undefined> {
  const texts = new Map<string, string>();
  for (const { when } of steps) {
    const text = await readFile(join(folder, when), 'utf8').catch(() => undefined);
    if (text !== undefined) texts.set(when, text);
  }
  const step = steps.find(({ when, contains = '' }) => saysSomething(texts.get(when)) && texts.get(when)!.includes(contains));
  if (step === undefined) return undefined;
  const { platform, arch, versions } = process;
  const key = createHash('sha256').update(JSON.stringify([step.run, [...texts], platform, arch, versions.modules]));
  return { key: key.digest('hex'), run: step.run };
}

function saysSomething(text: string | undefined): boolean {
  return text !== undefined && text.split('\n').some((line) => /^\s*[^#\s]/.test(line));
}

export interface DependencyOptions {
  /** Of the function, for messages. */
  readonly name: string;
  /** Where what was installed before is kept. */
  readonly cacheFolder: string;
  readonly report: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Brings what `installation` installs into `folder`, the handler's. Only the first time something runs. Rejects as `runTool` does. */
export async function addDependencies(installation: Installation, folder: string, options: DependencyOptions): Promise<void> {
  const cached = join(options.cacheFolder, installation.key);
  if (!(await exists(cached))) {
    options.report(`${options.name}: ${installation.run.join(' ')}\n`);
    await install(installation, folder, { ...options, cached });
  }
  const now = new Date();
  await utimes(cached, now, now);
  linkTree(cached, folder);
  await keepNewest(options.cacheFolder, (name) => /^[0-9a-f]{64}$/.test(name), MAX_CACHED);
}

async function install({ run }: Installation, folder: string, options: DependencyOptions & { readonly cached: string }): Promise<void> {
  const making = await makeBeside(options.cached, 0o755);
  try {
    await cp(folder, making.folder, { recursive: true });
    const before = await readdir(making.folder);
    await runTool(run, { ...options, cwd: making.folder });
    for (const name of before) await rm(join(making.folder, name), { recursive: true });
    await rename(making.folder, options.cached);
  } catch (error) {
    await making.discard();
    // Another build has installed the same meanwhile.
    if (!(await exists(options.cached))) throw error;
  }
}

/** Runs a step of a build. Rejects with `build` and the end of its output when it fails, with `missing` when a program is not there. */
export async function runTool(argv: readonly string[], { name, cwd, report, signal }: Omit<DependencyOptions, 'cacheFolder'> & { readonly cwd: string }): Promise<void> {
  const { exitCode, output } = await runCommand(argv, { cwd, signal, onOutput: report });
  if (exitCode === 0) return;
  const end = lastLines(output);
  if (exitCode === NOT_FOUND) throw new CliError('missing', `function ${name}: a program that its build needs is not on this machine: ${end}`, 'install it, or build an image instead: "shoal build"');
  throw new CliError('build', `function ${name} was not built: "${argv.join(' ')}" ended with ${exitCode}\n${end}`);
}

/** Removes all but the newest `count` of what `isOne` is true for. */
export async function keepNewest(folder: string, isOne: (name: string) => boolean, count: number): Promise<void> {
  const found = await Promise.all((await readdir(folder)).filter(isOne).map(async (name) => ({ name, ms: (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0 })));
  const old = found.sort((a, b) => b.ms - a.ms).slice(count);
  for (const { name } of old) await rm(join(folder, name), { recursive: true, force: true });
}

/** As hard links where the file system has them: thousands of files take no time and no room. What is in `to` already stays. */
function linkTree(from: string, to: string, root = from): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      mkdirSync(target, { recursive: true });
      linkTree(source, target, root);
    } else {
      unlessThere(() => (entry.isSymbolicLink() ? symlinkSync(targetOf(source, root), target) : linkOrCopy(source, target)));
    }
  }
}

/** Where a link leads, seen from a copy of `root`: to a package beside it by the same way, to one elsewhere by its absolute path. */
function targetOf(link: string, root: string): string {
  const target = resolve(dirname(link), readlinkSync(link));
  return target.startsWith(root + sep) ? readlinkSync(link) : target;
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    copyFileSync(source, target);
  }
}

function unlessThere(make: () => void): void {
  try {
    make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Whether there is anything at `path`. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
