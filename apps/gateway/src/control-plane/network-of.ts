const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Whose an address is, as far as one can tell: itself in IPv4; in IPv6 its first `bits`, since whoever has one address there has all of 64. */
export function networkOf(address: string, bits: 48 | 64 = 64): string {
  const [plain = ''] = address.split('%');
  const mapped = MAPPED.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  if (!plain.includes(':')) return plain;
  const [head = [], tail] = plain.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const groups = tail === undefined ? head : [...head, ...Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0'), ...tail];
  return `${groups.slice(0, bits / 16).map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':')}::/${bits}`;
}
