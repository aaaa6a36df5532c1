import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { functionKey, type FunctionSpec } from '@shoal/domain/functions/function-spec';
import { ShoalError } from '@shoal/domain/shared/errors';
import { parseMemoryBytes } from '@shoal/domain/shared/quantity';
import { shownText } from '@shoal/domain/shared/shown-text';
import { findBundle, type Bundle } from './bundle';

/** How the host starts a function's processes. */
export interface Launch {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** What was asked for and cannot be had on this machine, for people. */
  readonly notes: readonly string[];
}

export interface LaunchOptions {
  readonly bundleFolders: readonly string[];
  /** The function's own folder, for what it needs at run time. */
  readonly workFolder: string;
  readonly secretsFolder: string;
  /** The gateway's environment, from which the harmless part is passed on. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a process of an ordinary user expects to find, on any system. Nothing else of our environment gets through. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SystemRoot', 'PATHEXT', 'TEMP', 'ComSpec'] as const;

/** Rejects with `invalid-request` what cannot run on this machine. */
export async function resolveLaunch(spec: FunctionSpec, options: LaunchOptions): Promise<Launch> {
  const bundle = await findBundle(spec.image, options.bundleFolders);
  if (!bundle && !spec.envProcess) {
    throw new ShoalError(
      'invalid-request',
      `image: there is no bundle ${shownText(spec.image)} on this machine, and no envProcess says which command to run instead`,
    );
  }
  const argv = spec.envProcess ? spec.envProcess.trim().split(' ') : bundle!.argv;
  const cwd = bundle?.workingDirectory ?? options.workFolder;
  requireDirectory(cwd, options.workFolder);
  requireProgram(argv[0]!, cwd, options.env['PATH']);
  const { prefix, notes } = limitsOf(spec, options.env['PATH']);
  return { argv: [...prefix, ...argv], env: environmentOf(spec, bundle, options), cwd, notes };
}

function environmentOf(spec: FunctionSpec, bundle: Bundle | undefined, options: LaunchOptions): Record<string, string> {
  return {
    ...passedOn(options.env),
    OPENFAAS_NAME: spec.id.name,
    OPENFAAS_NAMESPACE: spec.id.namespace,
    SHOAL_SECRETS: options.secretsFolder,
    // `serializing` is not said: a function that says no mode is the classic watchdog's, with that one's defaults.
    ...(bundle === undefined || bundle.mode === 'serializing' ? {} : { mode: bundle.mode }),
    ...bundle?.environment,
    ...spec.envVars,
  };
}

/** The harmless part of an environment, which functions of this machine get. */
export function passedOn(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/** A plain process can be held to an amount of memory, by `prlimit` where there is one; to a share of a CPU it cannot. */
function limitsOf(spec: FunctionSpec, path: string | undefined): { prefix: readonly string[]; notes: readonly string[] } {
  const key = functionKey(spec.id);
  const notes: string[] = [];
  let prefix: readonly string[] = [];
  if (spec.limits?.memory) {
    if (findProgram('prlimit', path)) prefix = ['prlimit', `--data=${parseMemoryBytes(spec.limits.memory)}`, '--'];
    else notes.push(`${key}: limits.memory cannot be applied on this machine: there is no prlimit`);
  }
  if (spec.limits?.cpu) notes.push(`${key}: limits.cpu cannot be applied to plain processes`);
  if (spec.requests?.memory || spec.requests?.cpu) notes.push(`${key}: requests reserve nothing on this machine`);
  if (spec.readOnlyRootFilesystem) notes.push(`${key}: readOnlyRootFilesystem cannot be applied to plain processes`);
  if (spec.constraints.length > 0) notes.push(`${key}: constraints are not looked at: there is one machine only`);
  return { prefix, notes };
}

function requireDirectory(cwd: string, workFolder: string): void {
  if (cwd === workFolder || isDirectory(cwd)) return;
  throw new ShoalError('invalid-request', `image: the working directory ${cwd} does not exist`);
}

function requireProgram(program: string, cwd: string, path: string | undefined): void {
  const found = program.includes('/') ? isExecutable(resolve(cwd, program)) : findProgram(program, path);
  if (found) return;
  throw new ShoalError('invalid-request', `envProcess: there is no command ${shownText(program)} on this machine`);
}

function findProgram(program: string, path: string | undefined): boolean {
  const endings = process.platform === 'win32' ? ['', '.exe', '.cmd', '.bat'] : [''];
  const folders = (path ?? '').split(delimiter).filter(isAbsolute);
  return folders.some((folder) => endings.some((ending) => isExecutable(join(folder, program + ending))));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function isDirectory(folder: string): boolean {
  try {
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}
