import { FUNCTION_KEYS, RESOURCE_KEYS, TOP_KEYS, type FunctionKey } from '../../../apps/cli/src/stack/stack-keys';
import { nonsense, nonsenseText } from './nonsense';
import type { Random } from '../random';
import { annotations, scalingLabels } from './spec-words';

/** What means something in YAML, or did once. */
const TOKENS = [': ', '- ', '? ', '? - ', '&a ', '*a', '*a ', '<<: *a', '<<: [*a, *a]', '<<: *nobody', '&a *a', '!!str ', '!!binary ', '!!int ', '!!set ', '!!omap ', '!!timestamp ', '!!js/function ', '!<tag:x> ', '!local ', '!%zz ', '%YAML 1.1\n---\n', '%YAML 9.9\n---\n', '%TAG ! tag:x:\n---\n', '%X\n', '\n---\n', '\n...\n', '\n--- |\n', '|', '>', '|9', '|+\n', '>-\n', '|0', '#', ' #', '"', "'", '\\', '"\\x', '"\\ud800"', '{', '}', '[', ']', ',', '{a: ', '[[[[', '@', '`', '%', '~', 'null', '.inf', '.nan', '0o17', '0x1F', '1_000', '12:30:45', 'yes', 'NO', '2026-01-01', '\t', '\r', '\r\n', '\n\n\n', '\u0085', '\u2028', '\ufeff', '\0', '\x07', '\x7f', '\ufffe', '\ud800', '__proto__: x', 'constructor: {prototype: {x: 1}}', 'toString: 1'] as const;
/** What `${…}` takes, and what it does not. */
const VARIABLES = ['${A}', '${A:-x}', '${A:-${B:-${C}}}', '${', '${}', '${A', '${A:', '${A:1:2}', '${A:-1}', '${A: -1}', '${#A}', '${A^^}', '${A,,}', '${A#*a}', '${A##*a}', '${A%a*}', '${A%%*}', '${A/a/b}', '${A//a/}', '${A//}', '${A:?e}', '${A:=d}', '${A:+x}', '$A', '$$', '$${A}', '$$$', '${A:999999999:-1}', '${A:99999999999}', '${__proto__}', '${constructor}', '${A//a/${BIG}}', '${BIG}', '${BIG//x/xx}', '${BIG#*y*y}', '${NOTHING:-\n}', '${LINES}', '${YAML}'] as const;

/** Of `${…}`: some that bring YAML of their own. */
export const ENVIRONMENT: Readonly<Record<string, string>> = { A: 'abca', B: '', BIG: 'x'.repeat(3_000), LINES: 'a\n  b: c\n', YAML: '*a {[: &x', __proto: 'x' };

/** A stack file of all keys that there are, each with what it takes or with nonsense, and then changed as text. */
export function stackText(random: Random): string {
  const names = ['echo', 'two', 'a-3', ...(random.chance(0.2) ? [nonsenseText(random).slice(0, 200)] : [])];
  const functions = Object.fromEntries(random.some(3, () => random.pick(names)).map((name) => [name, functionOf(random)]));
  const stack: Record<string, unknown> = { version: '1.0', provider: { name: 'openfaas', gateway: 'http://127.0.0.1:8080' }, functions };
  if (random.chance(0.3)) stack['configuration'] = { templates: [{ name: 'node', source: 'https://example.com/t' }], copy: ['./common'] };
  if (random.chance(0.15)) stack[random.pick([...Object.keys(TOP_KEYS), nonsenseText(random).slice(0, 50)])] = nonsense(random);
  let text = random.chance(0.7) ? blockYaml(stack, 0, random) : JSON.stringify(stack, undefined, random.pick([0, 2]));
  if (random.chance(0.3)) text = `x-shared: &a {image: "a:1", labels: {a: b}}\n${text}`;
  const changes = random.chance(0.25) ? 0 : 1 + random.below(4);
  for (let i = 0; i < changes; i++) text = changed(text, random);
  return text;
}

function functionOf(random: Random): Record<string, unknown> {
  const keys = random.some(8, () => random.pick(FUNCTION_KEYS));
  const fields = Object.fromEntries(keys.map((key) => [key.key, random.chance(0.12) ? nonsense(random) : valueOf(key, random)]));
  return random.chance(0.8) ? { image: 'a/b:1', ...fields } : fields;
}

function valueOf({ key, type, example }: FunctionKey, random: Random): unknown {
  if (key === 'labels') return scalingLabels(random);
  if (key === 'annotations') return annotations(random);
  switch (type) {
    case 'flag':
      return random.pick([true, false, 'yes', 'off', 'maybe', 1]);
    case 'texts':
      return random.some(4, () => (random.chance(0.8) ? random.pick(example as string[]) : nonsenseText(random)));
    case 'textMap':
      return { ...(example as object), ...(random.chance(0.3) ? { [nonsenseText(random).slice(0, 100)]: nonsenseText(random) } : {}) };
    case 'resources':
      return Object.fromEntries(RESOURCE_KEYS.map((one) => [one.key, random.chance(0.7) ? one.example : nonsenseText(random)]));
    case 'text':
      return random.chance(0.7) ? example : nonsenseText(random);
  }
}

/** YAML as people write it: in blocks, with text in quotes here and there. */
function blockYaml(value: unknown, depth: number, random: Random): string {
  if (typeof value === 'string') return random.chance(0.6) && /^[\w./:-]+$/.test(value) ? value : JSON.stringify(value);
  if (typeof value !== 'object' || value === null || depth > 6 || Object.keys(value).length === 0) return JSON.stringify(value);
  const pad = ' '.repeat(2 * depth);
  if (Array.isArray(value)) return `\n${value.map((item) => `${pad}- ${blockYaml(item, 6 + depth, random)}`).join('\n')}`;
  const lines = Object.entries(value).map(([name, inner]) => `${pad}${/^[\w.-]+$/.test(name) ? name : JSON.stringify(name)}: ${blockYaml(inner, depth + 1, random)}`);
  return `${depth === 0 ? '' : '\n'}${lines.join('\n')}${depth === 0 ? '\n' : ''}`;
}

function changed(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const length = random.below(random.pick([3, 30, 300]));
  const lines = text.split('\n');
  const line = random.below(lines.length);
  return random.pick([
    () => text.slice(0, at) + random.pick(TOKENS) + text.slice(at),
    () => text.slice(0, at) + random.pick(VARIABLES) + text.slice(at),
    () => text.slice(0, at) + random.pick(VARIABLES) + text.slice(at),
    () => text.slice(0, at) + text.slice(at + length),
    () => text.slice(0, at) + text.slice(at, at + length).repeat(random.pick([2, 3, 50])) + text.slice(at + length),
    () => text.slice(0, at),
    () => text.slice(0, at) + nonsenseText(random) + text.slice(at),
    () => lines.toSpliced(line, 1, random.pick([' ', '  ', '\t', '', '- ', '    ']) + (lines[line] ?? '').trimStart()).join('\n'),
    () => lines.toSpliced(line, 0, lines[random.below(lines.length)]!).join('\n'),
    () => lines.toSpliced(line, 0, random.pick(TOKENS)).join('\n'),
    () => lines.map((one, i) => (i === line ? one.replace(': ', random.pick([': &a ', ': *a #', ': !!binary ', ':', ' : ', ': |\n', ': >-\n  ', ': [', ': {'])) : one)).join('\n'),
    () => text.replaceAll('\n', random.pick(['\r\n', '\r', '\n\n', '\u2028'])),
    () => text + text,
    () => `\ufeff${text}`,
  ])();
}
