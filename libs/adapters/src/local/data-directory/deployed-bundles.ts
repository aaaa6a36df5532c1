import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative } from 'node:path';
import type { FunctionSpec } from '@shoal/domain/functions/function-spec';
import { isBundleName } from '../bundle';

/** A function's file as it is kept in an archive, and the bundle that it needs from elsewhere. */
export interface PortableFunction {
  readonly text: string;
  /** Name in the archive's `bundles`, and the folder to take it from; `undefined` when none is to be brought. */
  readonly bundle?: { readonly name: string; readonly folder: string };
}

const MAX_NAME_CHARACTERS = 60;

export interface PortableOptions {
  /** The data directory. */
  readonly home: string;
  /** Names that there are in its `bundles`. */
  readonly taken: ReadonlySet<string>;
}

/**
 * Makes what a function's file says independent of this machine: a bundle that is named by its absolute path is named by
 * its place in the data directory's `bundles` instead, or by a new one where it has none, or one by which nobody could find
 * it. What cannot be read, or names no folder, stays as it is.
 */
export async function portableFunction(text: string, { home, taken }: PortableOptions): Promise<PortableFunction> {
  const stored = parse(text);
  const folder = stored?.spec.image;
  if (!stored || folder === undefined || !isAbsolute(folder) || !(await isBundle(folder))) return { text };
  const inside = relative(join(home, 'bundles'), folder);
  const isInside = isBundleName(inside);
  const name = isInside ? inside : nameFor(folder, taken);
  const moved = { ...stored, spec: { ...stored.spec, image: name } };
  return { text: `${JSON.stringify(moved, undefined, 2)}\n`, ...(isInside ? {} : { bundle: { name, folder } }) };
}

/** One that a bundle may have, that tells folders of the same name apart, and is not what an earlier back-up has called it. */
function nameFor(folder: string, taken: ReadonlySet<string>): string {
  const readable = basename(folder).toLowerCase().replace(/[^-a-z0-9_.]/g, '-').slice(0, MAX_NAME_CHARACTERS);
  const name = `b-${readable}-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}-${n}`;
  return free;
}

function parse(text: string): { readonly spec: Partial<FunctionSpec> } | undefined {
  try {
    const stored = JSON.parse(text) as { spec?: Partial<FunctionSpec> } | null;
    return typeof stored?.spec?.image === 'string' ? { ...stored, spec: stored.spec } : undefined;
  } catch {
    return undefined;
  }
}

async function isBundle(folder: string): Promise<boolean> {
  return stat(join(folder, 'function.yml')).then((found) => found.isFile(), () => false);
}
