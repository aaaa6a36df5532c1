import type { Random } from '../random';

const PAGE_BYTES = 4_096;

/** Ways in which a disk, or who copies its files, spoils one. Each is given the file's bytes, and returns what they become. */
export const DAMAGES: Readonly<Record<string, (file: Buffer, random: Random) => Buffer>> = {
  'a bit flipped': (file, random) => withBits(file, random, 1),
  'some bits flipped': (file, random) => withBits(file, random, 2 + random.below(30)),
  'a bit of the first two pages flipped': (file, random) => withBits(file, random, 1, 2 * PAGE_BYTES, 200),
  'a bit of a page header flipped': (file, random) => flipped(file, pageAt(file, random) + random.below(40), random),
  'some bytes overwritten': (file, random) => overwritten(file, random.below(file.byteLength), random.bytes(1 + random.below(200))),
  'a page zeroed': (file, random) => overwritten(file, pageAt(file, random), Buffer.alloc(PAGE_BYTES)),
  'a page of garbage': (file, random) => overwritten(file, pageAt(file, random), random.bytes(PAGE_BYTES)),
  'a page written over another one': (file, random) => overwritten(file, pageAt(file, random), file.subarray(pageAt(file, random)).subarray(0, PAGE_BYTES)),
  'several pages zeroed': (file, random) => overwritten(file, pageAt(file, random), Buffer.alloc(PAGE_BYTES * (2 + random.below(8)))),
  'the first page zeroed': (file) => overwritten(file, 0, Buffer.alloc(PAGE_BYTES)),
  'the second page zeroed': (file) => overwritten(file, PAGE_BYTES, Buffer.alloc(PAGE_BYTES)),
  'the beginning zeroed': (file) => overwritten(file, 0, Buffer.alloc(2 * PAGE_BYTES)),
  'cut off': (file, random) => file.subarray(0, random.below(file.byteLength)),
  'cut off behind a page': (file, random) => file.subarray(0, pageAt(file, random)),
  'its last half zeroed': (file) => overwritten(file, file.byteLength >> 1, Buffer.alloc(file.byteLength - (file.byteLength >> 1))),
  'garbage behind its end': (file, random) => Buffer.concat([file, random.bytes(random.below(10_000))]),
  'all zeros': (file) => Buffer.alloc(file.byteLength),
  'all garbage': (_, random) => random.bytes(20_000 + random.below(50)),
  'another file': () => Buffer.from('{"this": "is no queue"}\n'),
};

function pageAt(file: Buffer, random: Random): number {
  return random.below(Math.floor(file.byteLength / PAGE_BYTES)) * PAGE_BYTES;
}

/** Within `every` of each page from the beginning to `end`. */
function withBits(file: Buffer, random: Random, count: number, end = file.byteLength, every = PAGE_BYTES): Buffer {
  let bytes = file;
  for (let i = 0; i < count; i++) bytes = flipped(bytes, random.below(end / PAGE_BYTES) * PAGE_BYTES + random.below(every), random);
  return bytes;
}

function flipped(file: Buffer, at: number, random: Random): Buffer {
  const bytes = Buffer.from(file);
  bytes[at] = bytes[at]! ^ (1 << random.below(8));
  return bytes;
}

function overwritten(file: Buffer, at: number, by: Buffer): Buffer {
  const bytes = Buffer.from(file);
  by.copy(bytes, at);
  return bytes;
}
