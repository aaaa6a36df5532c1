import { QUEUE_FILE } from './archive-manifest';

const SEGMENT = '(?!\\.{1,2}(?:/|$))[^/\\0\\\\]+';
const FILES = new RegExp(`^(?:(?:admin|namespaces)\\.json|${QUEUE_FILE.replace('.', '\\.')}|functions/${SEGMENT}/${SEGMENT}\\.json|secrets/${SEGMENT}/${SEGMENT}\\.secret)$`);
/** Where `\` separates folders it is in no name. */
const IN_BUNDLES = process.platform === 'win32' ? SEGMENT : SEGMENT.replace('\\\\', '');
const BUNDLE_FILES = new RegExp(`^bundles(?:/${IN_BUNDLES})+$`);

/** What may be in an archive: one rule for who writes it and who reads it. */
export type Place = 'private' | 'bundle';

/** What is at `path` within a data directory, with `/`; `undefined` for what has no place there. Only a bundle may have links. */
export function placeOf(path: string): Place | undefined {
  if (FILES.test(path)) return 'private';
  return BUNDLE_FILES.test(path) ? 'bundle' : undefined;
}
