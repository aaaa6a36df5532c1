import { crc32 } from 'node:zlib';

const SUM_BYTES = 4;
const LENGTH_BYTES = 4;
const HEAD_AT = SUM_BYTES + LENGTH_BYTES;

/** How records of one table are written: with a checksum, so that what the disk has changed is not taken for a record. */
export interface SealedRecords<V> {
  encode(value: V): Buffer;
  /** Throws a plain error when the first `length` bytes, by default all, are not what was written. */
  decode(bytes: Uint8Array, length?: number): V;
  /** Tells lmdb that what is decoded may point into the bytes. */
  readonly needsStableBuffer: true;
}

/**
 * A checksum, the length of the head, the head as JSON, the bytes of `body` where the record has one.
 *
 * @param kind of the records; those of another kind are not taken for them.
 */
export function sealedRecords<V extends object>(kind: string): SealedRecords<V> {
  const seed = crc32(kind);
  return {
    needsStableBuffer: true,
    encode: (value: V & { readonly body?: Uint8Array }) => {
      const { body } = value;
      const head = Buffer.from(JSON.stringify(body === undefined ? value : { ...value, body: null }));
      const bytes = Buffer.allocUnsafe(HEAD_AT + head.byteLength + (body?.byteLength ?? 0));
      bytes.writeUInt32LE(head.byteLength, SUM_BYTES);
      bytes.set(head, HEAD_AT);
      if (body) bytes.set(body, HEAD_AT + head.byteLength);
      bytes.writeUInt32LE(crc32(bytes.subarray(SUM_BYTES), seed));
      return bytes;
    },
    decode: (value, length) => {
      const bytes = Buffer.from(value.buffer, value.byteOffset, typeof length === 'number' ? length : value.byteLength);
      if (bytes.byteLength < HEAD_AT || crc32(bytes.subarray(SUM_BYTES), seed) !== bytes.readUInt32LE()) {
        throw new Error(`a record of its ${kind} is damaged; a new start puts what is damaged aside`);
      }
      const bodyAt = HEAD_AT + bytes.readUInt32LE(SUM_BYTES);
      const head = JSON.parse(bytes.toString('utf8', HEAD_AT, bodyAt)) as V;
      return 'body' in head ? { ...head, body: bytes.subarray(bodyAt) } : head;
    },
  };
}
