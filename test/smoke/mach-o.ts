import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const MAGIC = 0xfeedfacf;
const PROCESSORS: Readonly<Record<number, string>> = { 0x01000007: 'x64', 0x0100000c: 'arm64' };
const LC_CODE_SIGNATURE = 0x1d;
const HEADER_BYTES = 32;
const CODE_DIRECTORY = 0xfade0c02;
const AD_HOC = 0x2;

export interface MachO {
  readonly processor: string | undefined;
  /** `undefined` when it has no signature. */
  readonly signature: { readonly adHoc: boolean; readonly endsFile: boolean; readonly wrongPages: number } | undefined;
}

/** Reads what macOS looks at before it runs a program. @throws Error when it is no 64-bit Mach-O file. */
export function readMachO(path: string): MachO {
  const file = readFileSync(path);
  if (file.readUInt32LE(0) !== MAGIC) throw new Error(`${path} is not a 64-bit Mach-O file`);
  const processor = PROCESSORS[file.readUInt32LE(4)];
  let offset = HEADER_BYTES;
  for (let left = file.readUInt32LE(16); left > 0; left--) {
    if (file.readUInt32LE(offset) === LC_CODE_SIGNATURE) {
      const [start, bytes] = [file.readUInt32LE(offset + 8), file.readUInt32LE(offset + 12)];
      return { processor, signature: { ...readSignature(file, start), endsFile: start + bytes === file.length } };
    }
    offset += file.readUInt32LE(offset + 4);
  }
  return { processor, signature: undefined };
}

function readSignature(file: Buffer, start: number): { adHoc: boolean; wrongPages: number } {
  const blob = file.subarray(start);
  const directory = blob.subarray(blob.readUInt32BE(16));
  if (directory.readUInt32BE(0) !== CODE_DIRECTORY) throw new Error('the signature does not begin with the hashes of the code');
  const [hashes, pages, codeBytes] = [directory.readUInt32BE(16), directory.readUInt32BE(28), directory.readUInt32BE(32)];
  const [hashBytes, pageBytes] = [directory[36]!, 1 << directory[39]!];
  let wrongPages = codeBytes === start ? 0 : 1;
  for (let page = 0; page < pages; page++) {
    const code = file.subarray(page * pageBytes, Math.min((page + 1) * pageBytes, codeBytes));
    const hash = directory.subarray(hashes + page * hashBytes, hashes + (page + 1) * hashBytes);
    if (!createHash('sha256').update(code).digest().equals(hash)) wrongPages++;
  }
  return { adHoc: (directory.readUInt32BE(12) & AD_HOC) !== 0, wrongPages };
}
