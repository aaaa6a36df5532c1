import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import type { FunctionSpec } from '@shoal/domain/functions/function-spec';

/** A function's file as it is kept in an archive, and the bundle that it needs from elsewhere. */
export interface PortableFunction {
  readonly text: string;
  /** Name in the archive's `bundles`, and the folder to take it from; `undefined` when none is to be brought. */
  readonly bundle?: { readonly name: string; readonly folder: string };
}

const MAX_NAME_CHARACTERS = 60;

/**
 * Makes what a function's file says independent of this machine: a bundle that is named by its absolute path is named by
 * its place in the data directory's `bundles` instead. What cannot be read, or names no folder, stays as it is.
 */
export async function portableFunction(text: string, home: string): Promise<PortableFunction> {
  const stored = parse(text);
  const folder = stored?.spec.image;
  if (!stored || folder === undefined || !isAbsolute(folder) || !(await isBundle(folder))) return { text };
  const inside = relative(join(home, 'bundles'), folder);
  const isInside = inside !== '' && !inside.startsWith('..') && !inside.includes(sep) && !isAbsolute(inside);
  const name = isInside ? inside : nameFor(folder);
  const moved = { ...stored, spec: { ...stored.spec, image: name } };
  return { text: `${JSON.stringify(moved, undefined, 2)}\n`, ...(isInside ? {} : { bundle: { name, folder } }) };
}

/** One that a bundle may have, and that tells folders of the same name apart. */
function nameFor(folder: string): string {
  const readable = basename(folder).toLowerCase().replace(/[^-a-z0-9_.]/g, '-').slice(0, MAX_NAME_CHARACTERS);
  return `b-${readable}-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
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
