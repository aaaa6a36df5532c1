import { gzipSync } from 'node:zlib';
import { nonsense, nonsenseText } from './nonsense';
import type { Random } from '../random';

/** `value` with one place in it changed: another type, another name, twice, not at all. */
export function spoilValue(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.chance(0.15)) return random.chance(0.5) ? nonsense(random) : wrapped(value, random);
  if (Array.isArray(value)) {
    const items = [...(value as unknown[])];
    if (items.length === 0 || random.chance(0.3)) return random.chance(0.5) ? [...items, nonsense(random)] : [...items, ...items];
    const at = random.below(items.length);
    items[at] = spoilValue(items[at], random);
    return items;
  }
  const entries = Object.entries(value);
  const at = entries[random.below(entries.length)];
  if (at === undefined || random.chance(0.2)) return { ...value, [nonsenseText(random).slice(0, 2_000)]: nonsense(random) };
  const [name, inner] = at;
  if (random.chance(0.15)) return Object.fromEntries(entries.filter(([other]) => other !== name));
  if (random.chance(0.1)) return Object.fromEntries(entries.map(([other, one]) => [other === name ? random.pick([name.toUpperCase(), `${name} `, `${name}s`, nonsenseText(random)]) : other, one]));
  return { ...value, [name]: random.chance(0.5) ? nonsense(random) : spoilValue(inner, random) };
}

function wrapped(value: unknown, random: Random): unknown {
  if (typeof value === 'string') return random.pick([value.slice(0, -1), value + nonsenseText(random), value.toUpperCase(), value.slice(0, 50_000).repeat(50), ` ${value}`, `${value}\n`, [value], { value }, Number(value) || 0]);
  return random.pick([[value], { value }, JSON.stringify(value), JSON.stringify([value])]);
}

const MAX_CHARACTERS = 3_000_000;

/** JSON text of `value`, with what JSON.stringify would not write: prototypes, the same name twice, lone surrogates as such. */
function looseJson(value: unknown, random: Random): string {
  // Texts of texts of texts grow; what is over the limit by far says nothing new.
  const text = (JSON.stringify(value) ?? 'null').slice(0, MAX_CHARACTERS);
  const first = text.indexOf('{') + 1;
  const into = (more: string) => (first === 0 ? text : `${text.slice(0, first)}${more}${text[first] === '}' ? '' : ','}${text.slice(first)}`);
  const name = /"((?:[^"\\]|\\.)*)":/.exec(text.slice(0, 5_000))?.[1] ?? 'x';
  return random.pick([
    () => into('"__proto__":{"polluted":"yes"}'),
    () => into('"constructor":{"prototype":{"polluted":"yes"}}'),
    () => into('"\\u005f_proto__":{"polluted":"yes"}'),
    () => into(`"${name}":"first"`),
    () => `${text.slice(0, text.lastIndexOf('}'))},"${name}":null}`,
    () => into('"\\ud800":"\\udc00\\ud800"'),
    () => text.replace(/:("[^"]*"|\d+)/, ':NaN'),
    () => text.replace(/:("[^"]*"|\d+)/, `:${'9'.repeat(random.pick([30, 400, 50_000]))}`),
    () => text.replace(/:("[^"]*"|\d+)/, ':-0'),
    () => text.replace(/:("[^"]*"|\d+)/, ':1E400'),
    () => into(`"deep":${'['.repeat(50_000)}${']'.repeat(50_000)}`),
    () => into(`"deep":${'{"x":'.repeat(30_000)}1${'}'.repeat(30_000)}`),
    () => into(`"wide":[${'0,'.repeat(200_000)}0]`),
    () => into(`${Array.from({ length: 20_000 }, (_, i) => `"k${i}":0`).join()}`),
    () => text.replaceAll('"', "'"),
    () => `/* comment */${text}`,
    () => text.replace(/}$/, ',}'),
    () => text + text,
    () => `[${text}]`,
    () => JSON.stringify(text),
  ])();
}

/** The bytes of a body, sometimes such as no JSON has. */
export function bytesOf(value: unknown, random: Random, spoil: boolean): Buffer {
  const text = (JSON.stringify(value) ?? 'null').slice(0, MAX_CHARACTERS);
  if (!spoil) return Buffer.from(text);
  if (random.chance(0.5)) return Buffer.from(looseJson(value, random));
  const bytes = Buffer.from(text);
  return random.pick([
    () => bytes.subarray(0, random.below(bytes.length)),
    () => Buffer.concat([Buffer.from('\ufeff'), bytes]),
    () => Buffer.from(`\ufeff${text}`, 'utf16le'),
    () => flipped(bytes, random),
    () => Buffer.concat([bytes.subarray(0, bytes.length >> 1), Buffer.from([0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf5]), bytes.subarray(bytes.length >> 1)]),
    () => gzipSync(bytes),
    () => Buffer.alloc(0),
    () => Buffer.from(random.pick([' ', '\n', '\0', '{', '}', '[', '"', 'null', 'true', '0', '[]', '""', 'undefined', '{"', '{"a":', '\ufeff', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--', 'service=a&image=b', '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'])),
    () => Buffer.alloc(random.pick([1_000, 1_048_576, 1_048_577, 1_500_000]), random.pick(['x', ' ', '\0', '[', '{"a":'])),
    () => Buffer.concat([bytes, Buffer.from(random.pick(['\0', ' x', '}', '\n{}', ',']))]),
  ])();
}

function flipped(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = random.below(4); i >= 0 && copy.length > 0; i--) copy[random.below(copy.length)] = random.below(256);
  return copy;
}
