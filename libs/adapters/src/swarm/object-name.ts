import { createHash } from 'node:crypto';

/** Docker's bound for the names of secrets and configs, in which it allows letters, digits, `-`, `_` and `.`. */
const MAX_LENGTH = 64;
const HASH_LENGTH = 8;

/** `text` and `ending` as the name of a secret or config; when they are too long, the beginning and a hash of `text`. */
export function objectName(text: string, ending = ''): string {
  const name = text + ending;
  return name.length <= MAX_LENGTH ? name : hashedObjectName(text, ending);
}

/** For when somebody else has the name that says it all. */
export function hashedObjectName(text: string, ending = ''): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);
  return `${text.slice(0, MAX_LENGTH - HASH_LENGTH - 1 - ending.length)}.${hash}${ending}`;
}
