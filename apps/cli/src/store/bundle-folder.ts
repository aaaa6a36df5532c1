import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LOCAL, type StoreFunction } from './store-function';

const FILE = 'function.yml';
/** DNS labels: what a function can be named. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * The bundles in `folder` (absolute), as a store of functions for a local gateway on this machine: it itself when it has a
 * `function.yml`, else its sub-folders that have one. What the first comment of that file says is the description.
 *
 * @returns by name; empty when there are none.
 */
export async function bundlesIn(folder: string): Promise<readonly StoreFunction[]> {
  const own = await readBundle(folder);
  if (own) return [own];
  const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  const found = await Promise.all(names.map((name) => readBundle(join(folder, name))));
  return found.filter((one) => one !== undefined);
}

async function readBundle(folder: string): Promise<StoreFunction | undefined> {
  const file = join(folder, FILE);
  if (!(await stat(file).catch(() => undefined))?.isFile()) return undefined;
  const name = basename(folder);
  const description = /^#+ *(.*\S)/.exec(await readFile(file, 'utf8'))?.[1] ?? '';
  return { name, title: name, description, images: { [LOCAL]: folder }, readOnlyRootFilesystem: false, environment: {}, labels: {}, annotations: description === '' ? {} : { description } };
}
