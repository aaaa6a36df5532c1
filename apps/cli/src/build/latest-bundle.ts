import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Hexadecimal ones at the end of a bundle's name. */
export const BUNDLE_DIGITS = 12;

/**
 * The bundle of a function that `buildBundle` was last asked for in the project's `folder`.
 *
 * @returns its folder; `undefined` when there is none.
 */
export async function latestBundle(folder: string, name: string): Promise<string | undefined> {
  const bundles = join(folder, 'build', 'bundles');
  const names = (await readdir(bundles).catch(() => [])).filter((entry) => isBundleOf(entry, name));
  const dated = await Promise.all(names.map(async (entry) => ({ path: join(bundles, entry), usedMs: (await stat(join(bundles, entry))).mtimeMs })));
  return dated.sort((a, b) => b.usedMs - a.usedMs)[0]?.path;
}

/** Whether a folder of that name is a bundle of the function. */
export function isBundleOf(entry: string, name: string): boolean {
  const digest = entry.slice(name.length + 1);
  return entry.startsWith(`${name}-`) && digest.length === BUNDLE_DIGITS && /^[0-9a-f]+$/.test(digest);
}
