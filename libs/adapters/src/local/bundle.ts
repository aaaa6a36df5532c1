import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { messageOf, ShoalError } from '@shoal/domain/shared/errors';
import { parse } from 'yaml';

/** A function as a folder: `function.yml` and whatever its command needs. */
export interface Bundle {
  readonly argv: readonly string[];
  readonly mode: (typeof MODES)[number];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
}

const FILE = 'function.yml';
const MODES = ['serializing', 'streaming', 'http'] as const;
const KEYS: ReadonlySet<string> = new Set(['command', 'mode', 'working_directory', 'environment']);
/** What a key of ours could be meant by. */
const PLAIN_KEY = /^\w{1,32}$/;
const MAX_FILE_BYTES = 64 * 1024;
/** What may be a bundle's name; anything else (a registry's host, a path that climbs) is not looked up. */
const BUNDLE_NAME = /^([a-z0-9][-a-z0-9_.]*?)(:[\w.-]+)?$/;

/**
 * Finds the bundle that `image` names: a folder by its absolute path, or by its name in one of `folders`; a tag is ignored.
 *
 * @returns `undefined` when there is no such folder. Rejects with `invalid-request` when its `function.yml` is no good.
 */
export async function findBundle(image: string, folders: readonly string[]): Promise<Bundle | undefined> {
  const name = BUNDLE_NAME.exec(image)?.[1];
  const candidates = isAbsolute(image) ? [image] : name === undefined ? [] : folders.map((folder) => join(folder, name));
  for (const folder of candidates) {
    const text = await readBounded(join(folder, FILE));
    if (text !== undefined) return parseBundle(text, folder);
  }
  return undefined;
}

/** Whether a folder of that name can be found by it, as an image without a tag. */
export function isBundleName(name: string): boolean {
  return BUNDLE_NAME.exec(name)?.[1] === name;
}

async function readBounded(file: string): Promise<string | undefined> {
  try {
    const found = await stat(file);
    // A device or a pipe has no end, and no size either.
    if (!found.isFile()) throw invalid(file, 'is no file');
    if (found.size > MAX_FILE_BYTES) throw invalid(file, `is longer than ${MAX_FILE_BYTES} bytes`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error instanceof ShoalError ? error : invalid(file, `cannot be read: ${messageOf(error)}`);
  }
}

function parseBundle(text: string, folder: string): Bundle {
  const file = join(folder, FILE);
  const content = parseYaml(text, file);
  for (const key of Object.keys(content)) if (!KEYS.has(key)) throw invalid(file, PLAIN_KEY.test(key) ? `has an unknown key ${key}` : 'has a key that is none of its keys');
  const { command, mode = 'serializing', working_directory: directory = '.', environment = {} } = content;
  if (!isMode(mode)) throw invalid(file, `has a mode that is none of ${MODES.join(', ')}`);
  if (typeof directory !== 'string') throw invalid(file, 'has a working_directory that is no text');
  return { argv: parseCommand(command, file), mode, workingDirectory: resolve(folder, directory), environment: parseEnvironment(environment, file) };
}

function parseYaml(text: string, file: string): Readonly<Record<string, unknown>> {
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    // The rest of the message is lines of the file, which may be a link to one that is nobody's business.
    throw invalid(file, `is not YAML: ${messageOf(error).split('\n')[0]}`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) throw invalid(file, 'is not a map of keys and values');
  return content as Readonly<Record<string, unknown>>;
}

function parseCommand(command: unknown, file: string): readonly string[] {
  const argv: unknown = typeof command === 'string' ? command.trim().split(' ') : command;
  if (!Array.isArray(argv) || argv.length === 0 || !argv.every((part) => typeof part === 'string') || argv[0] === '') {
    throw invalid(file, 'must have a command: a text, or a list of texts');
  }
  return argv;
}

function parseEnvironment(environment: unknown, file: string): Readonly<Record<string, string>> {
  if (typeof environment !== 'object' || environment === null || Array.isArray(environment)) {
    throw invalid(file, 'has an environment that is no map');
  }
  return Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, String(value)]));
}

function invalid(file: string, problem: string): ShoalError {
  return new ShoalError('invalid-request', `image: ${file} ${problem}`);
}

function isMode(mode: unknown): mode is Bundle['mode'] {
  return MODES.includes(mode as Bundle['mode']);
}
