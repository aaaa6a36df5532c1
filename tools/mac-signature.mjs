// macOS ends a program whose signature is wrong. Bun 1.4.5 signs what it makes for Apple silicon; for Intel it leaves the
// signature of bun itself, which no longer fits. This puts one in its place that names nobody and fits ("ad hoc").
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const HEADER_BYTES = 32;
const PAGE_BITS = 12;
const PAGE_BYTES = 1 << PAGE_BITS;
const HASH_BYTES = 32;
const SUPER_BLOB = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const CODE_DIRECTORY_VERSION = 0x20400;
const CODE_DIRECTORY_BYTES = 88;
const SUPER_BLOB_BYTES = 20;
const AD_HOC = 0x2;
const SHA256 = 2;
const MAIN_BINARY = 1n;

/** Signs a 64-bit Mach-O file that has a signature already, in place. */
export function signAdHoc(path, identifier) {
  const file = readFileSync(path);
  const { signature, linkedit, text } = findCommands(file);
  const codeBytes = file.readUInt32LE(signature + 8);
  const name = Buffer.from(`${identifier}\0`);
  const pages = Math.ceil(codeBytes / PAGE_BYTES);
  const directoryBytes = CODE_DIRECTORY_BYTES + name.length + pages * HASH_BYTES;
  const signatureBytes = SUPER_BLOB_BYTES + directoryBytes;

  // The load commands are part of what is hashed.
  const linkeditBytes = codeBytes + signatureBytes - Number(file.readBigUInt64LE(linkedit + 40));
  file.writeUInt32LE(signatureBytes, signature + 12);
  file.writeBigUInt64LE(BigInt(linkeditBytes), linkedit + 48);
  file.writeBigUInt64LE(BigInt(Math.ceil(linkeditBytes / PAGE_BYTES) * PAGE_BYTES), linkedit + 32);

  const head = Buffer.alloc(SUPER_BLOB_BYTES + CODE_DIRECTORY_BYTES);
  [SUPER_BLOB, signatureBytes, 1, 0, SUPER_BLOB_BYTES].forEach((value, i) => head.writeUInt32BE(value, i * 4));
  const directory = head.subarray(SUPER_BLOB_BYTES);
  const hashOffset = CODE_DIRECTORY_BYTES + name.length;
  [CODE_DIRECTORY, directoryBytes, CODE_DIRECTORY_VERSION, AD_HOC, hashOffset, CODE_DIRECTORY_BYTES, 0, pages, codeBytes].forEach((value, i) =>
    directory.writeUInt32BE(value, i * 4),
  );
  directory.set([HASH_BYTES, SHA256, 0, PAGE_BITS], 36);
  directory.writeBigUInt64BE(file.readBigUInt64LE(text + 40), 64);
  directory.writeBigUInt64BE(file.readBigUInt64LE(text + 48), 72);
  directory.writeBigUInt64BE(MAIN_BINARY, 80);

  const code = file.subarray(0, codeBytes);
  const hashes = Array.from({ length: pages }, (_, i) => createHash('sha256').update(code.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES)).digest());
  writeFileSync(path, Buffer.concat([code, head, name, ...hashes]));
}

/** Where the commands begin that tell of the signature, of the segment that it ends, and of the program's text. */
function findCommands(file) {
  const found = {};
  let offset = HEADER_BYTES;
  for (let left = file.readUInt32LE(16); left > 0; left--) {
    const command = file.readUInt32LE(offset);
    if (command === LC_CODE_SIGNATURE) found.signature = offset;
    if (command === LC_SEGMENT_64) {
      const segment = file.toString('latin1', offset + 8, offset + 24).replace(/\0+$/, '');
      if (segment === '__LINKEDIT') found.linkedit = offset;
      if (segment === '__TEXT') found.text = offset;
    }
    offset += file.readUInt32LE(offset + 4);
  }
  return found;
}
