import type { Key } from 'lmdb';

/** It is there, but not in lmdb's own types. */
declare module 'lmdb' {
  function bufferToKeyValue(bytes: Buffer): Key;
}
