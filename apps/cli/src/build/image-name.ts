import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CliError } from '../cli-error';
import type { Env } from '../terminal';
import { addFolder, type BuildFiles } from './build-files';
import { runCommand } from './run-command';

export const TAG_MODES = ['latest', 'sha', 'branch', 'describe', 'digest'] as const;
export type TagMode = (typeof TAG_MODES)[number];

/** What Git says about the project. */
export interface GitFacts {
  readonly shortSha: string;
  readonly branch: string;
  /** `git describe --tags --always`. */
  readonly describe: string;
}

export interface TagFacts {
  /** For `sha`, `branch` and `describe`; `undefined` outside of a repository, and before its first commit. */
  readonly git?: GitFacts | undefined;
  /** For `digest`, of `handlerDigest`. */
  readonly handlerDigest?: string | undefined;
}

const DEFAULT_TAG = 'latest';
const MAX_TAG_CHARACTERS = 128;
/** A colon before the last slash is of a port of a registry. */
const NAME_AND_TAG = /^(.*?)(?::([^:/]*))?$/s;

/**
 * The name that an image is built and pushed under, always with a tag: `image` with a tag of its own, or `latest`, and what
 * `mode` adds to it; `digest` takes its place.
 *
 * Throws `usage` when `mode` needs a Git repository and there is none, and when `image` is a digest, which cannot be chosen.
 */
export function imageName(image: string, mode: TagMode, { git, handlerDigest }: TagFacts): string {
  if (image.includes('@')) throw new CliError('usage', `the image ${image} names one that exists already, by its digest`, 'give it a name, and perhaps a tag: registry/name:tag');
  const [, name, tag] = NAME_AND_TAG.exec(image)!;
  const wanted = tag === undefined || tag === '' ? DEFAULT_TAG : tag;
  if (mode === 'latest') return `${name}:${wanted}`;
  if (mode === 'digest') {
    if (handlerDigest === undefined) throw new Error('imageName() of digest needs the digest of the handler');
    return `${name}:${handlerDigest}`;
  }
  if (git === undefined) throw new CliError('usage', `--tag ${mode} names images after a commit, and there is none here`, 'run it in a Git repository with a commit, or choose --tag digest');
  const suffix = { sha: git.shortSha, branch: `${git.branch}-${git.shortSha}`, describe: git.describe }[mode];
  // A branch may be called feature/x; a tag may not.
  return `${name}:${`${wanted}-${suffix}`.replace(/[^\w.-]/g, '-').slice(0, MAX_TAG_CHARACTERS)}`;
}

/** Resolves with `undefined` outside of a repository and before its first commit. Rejects with `missing` without Git. */
export async function readGitFacts(folder: string, env?: Env): Promise<GitFacts | undefined> {
  const git = async (...args: readonly string[]) => {
    const { exitCode, stdout } = await runCommand(['git', ...args], { cwd: folder, env });
    return exitCode === 0 ? stdout.trim() : undefined;
  };
  const [shortSha, branch, describe] = await Promise.all([git('rev-parse', '--short', 'HEAD'), git('rev-parse', '--abbrev-ref', 'HEAD'), git('describe', '--tags', '--always')]);
  return shortSha === undefined || branch === undefined || describe === undefined ? undefined : { shortSha, branch, describe };
}

/** The MD5 of a handler's folder, by the names and contents of its files: it names, and protects from nothing. */
export async function handlerDigest(folder: string): Promise<string> {
  const files: BuildFiles = new Map();
  await addFolder(files, folder, '', (name) => name === 'node_modules' || name === '.git');
  const hash = createHash('md5');
  for (const [path, { from }] of files) hash.update(JSON.stringify(path)).update(await readFile(from));
  return hash.digest('hex');
}
