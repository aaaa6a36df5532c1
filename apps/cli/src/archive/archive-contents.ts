import type { ArchiveManifest } from '@shoal/adapters/local/data-directory/archive-manifest';

/** What is in a back-up, in words: `2 functions, 1 secret, the queue`. */
export function archiveContents({ files, queue }: Pick<ArchiveManifest, 'files' | 'queue'>): string {
  const count = (folder: string) => files.filter(({ path }) => path.startsWith(`${folder}/`)).length;
  const bundles = new Set(files.flatMap(({ path }) => /^bundles\/([^/]+)\//.exec(path)?.[1] ?? [])).size;
  const counted = [many(count('functions'), 'function'), many(bundles, 'bundle'), many(count('secrets'), 'secret')];
  return [...counted, queue === 'lmdb' ? 'the queue' : 'no queue'].join(', ');
}

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
