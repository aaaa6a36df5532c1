import { exists } from '../build/dependencies';
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { CliError } from '../cli-error';
import { appendFunction, newStackFile, type NewFunction } from '../stack/edit-stack-file';
import type { Env } from '../terminal';
import type { Template } from '../templates/template';

export interface FunctionCreation {
  /** The project's, absolute. */
  readonly folder: string;
  /** The stack file, relative to it; written when it is not there, else added to. */
  readonly file: string;
  readonly template: Template;
  /** For a stack file that is written anew. */
  readonly gateway: string;
  readonly entry: NewFunction;
  /** Of the variables in the stack file. */
  readonly env: Env;
}

/** It may hold secrets, and others of this machine need not read it. */
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;
/** What builds and templates leave here, and secrets for `local-run`: no part of the project's history. */
const IGNORED = ['template', 'build', '.secrets'];

/**
 * Makes a function's folder from the sample in its template, and writes it into the stack file. All of it or nothing.
 *
 * Rejects with `conflict` when the folder, or a function of that name, is there.
 */
export async function createFunction({ folder, file, template, gateway, entry, env }: FunctionCreation): Promise<void> {
  const target = resolve(folder, entry.handler);
  if (await exists(target)) throw new CliError('conflict', `the folder ${entry.handler} is there already`, 'choose another name, or another folder with --handler');
  const path = resolve(folder, file);
  const before = await textOf(path);
  const text = before === undefined ? newStackFile({ ...entry, gateway }) : appendFunction(before, entry, { path: file, env });
  await mkdir(dirname(target), { recursive: true });
  const work = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  try {
    const made = join(work, 'function');
    await copySample(template, made);
    await rename(made, target);
    await writeFileAtomic(path, text, before === undefined ? { mode: PRIVATE_FILE } : {}).catch(async (error: unknown) => {
      await rm(target, { recursive: true });
      throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await ignore(join(folder, '.gitignore'));
}

async function copySample({ name, sampleFolder, handlerFolder }: Template, into: string): Promise<void> {
  if (sampleFolder === undefined) throw new CliError('usage', `the template ${name} has no folder ${handlerFolder || 'function'} with a sample in it`);
  await mkdir(into, { mode: PRIVATE_FOLDER });
  await cp(sampleFolder, into, { recursive: true });
}

async function ignore(file: string): Promise<void> {
  const before = (await textOf(file)) ?? '';
  const there = new Set(before.split(/\r?\n/).map((line) => line.replace(/^\/|\/$/g, '')));
  const missing = IGNORED.filter((name) => !there.has(name));
  if (missing.length === 0) return;
  await writeFileAtomic(file, `${before === '' || before.endsWith('\n') ? before : `${before}\n`}${missing.join('\n')}\n`);
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
