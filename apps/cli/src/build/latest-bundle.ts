import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

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

function isBundleOf(entry: string, name: string): boolean {
  return entry.startsWith(`${name}-`) && /^[0-9a-f]{12}$/.test(entry.slice(name.length + 1));
}
