import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../../apps/cli/src/cli-error';
import { deploymentOf } from '../../apps/cli/src/stack/deployment';
import { appendFunction } from '../../apps/cli/src/stack/edit-stack-file';
import { MAX_SOURCE_BYTES } from '../../apps/cli/src/stack/read-source';
import { readStack } from '../../apps/cli/src/stack/read-stack';
import { loadStackFile, type StackFile } from '../../apps/cli/src/stack/stack-file';
import { MAX_SUBSTITUTED_CHARACTERS, substitute } from '../../apps/cli/src/stack/substitute';
import { parseFunctionSpec } from '@shoal/domain/functions/function-spec';
import { faultRow, faultSeed, howMany } from './fault-table';
import { bytesOf } from './fuzz/spoil';
import { Random } from './random';
import { ENVIRONMENT, stackText } from './fuzz/stack-text';

const FILES = howMany({ short: 1_000, long: 100_000 });
const ONLY_CASE = process.env['SHOAL_FAULT_CASE'];
/** Of processor time, for the largest file that there can be: a busy machine takes no more of that. */
const MAX_CPU_MS = 15_000;
const INFLATED_BYTES = howMany({ short: 2 ** 16, long: MAX_SOURCE_BYTES - 1_000 });
const MAX_MESSAGE_LINES = 51;
const MAX_LINE_CHARACTERS = 1_000;
// eslint-disable-next-line no-control-regex -- looking for control characters is the point
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

jest.setTimeout(120_000 + FILES * 30);

const added = { name: 'added-by-us', lang: 'node', handler: './added', image: 'added:1' };

/** Reads, as `shoal deploy` and `shoal new --append` do; the outcome in a word. Throws what is a bug. */
function outcomeOf(text: string): 'taken' | 'refused' {
  let stack: Pick<StackFile, 'functions' | 'warnings'>;
  let written: string;
  try {
    written = substitute(text, ENVIRONMENT, { path: 'stack.yml' });
    stack = readStack(written, 'stack.yml');
  } catch (error) {
    return refusal(error);
  }
  checkTexts(stack.warnings);
  // What is taken here is not refused by the gateway for its form.
  for (const one of stack.functions.values()) {
    if (one.image) parseFunctionSpec({ ...deploymentOf(one, {}), namespace: one.namespace ?? 'openfaas-fn' });
  }
  if (!stack.functions.has(added.name)) {
    try {
      const longer = readStack(appendFunction(written, added, { path: 'stack.yml', env: {} }), 'stack.yml');
      expect([...longer.functions.keys()]).toEqual([...stack.functions.keys(), added.name]);
    } catch (error) {
      refusal(error);
    }
  }
  return 'taken';
}

/** Every refusal says which line it means, so that it can be read in a terminal. */
function refusal(error: unknown): 'refused' {
  if (!(error instanceof CliError)) throw error;
  checkTexts(error.message.split('\n'));
  expect(error.message).toMatch(/^stack\.yml(:\d+: | is written in a way)\S/);
  return 'refused';
}

function checkTexts(texts: readonly string[]): void {
  expect(texts.length).toBeLessThanOrEqual(MAX_MESSAGE_LINES);
  expect(texts.filter((one) => one.length > MAX_LINE_CHARACTERS || CONTROL.test(one))).toEqual([]);
}

const cpuMs = () => process.cpuUsage().user / 1_000;

describe('fuzzing stack files', () => {
  it(`each of ${FILES.toLocaleString('en')} files is taken or refused with its line`, () => {
    const outcomes = { taken: 0, refused: 0 };
    let slowest = { ms: 0, index: 0 };
    const end = ONLY_CASE === undefined ? FILES : Number(ONLY_CASE) + 1;
    for (let index = ONLY_CASE === undefined ? 0 : Number(ONLY_CASE); index < end; index++) {
      const text = stackText(new Random(Math.imul(faultSeed, 0x85ebca6b) + Math.imul(index + 1, 0xc2b2ae35)));
      const startedMs = cpuMs();
      try {
        outcomes[outcomeOf(text)]++;
      } catch (error) {
        const stack = (error as Error).stack ?? String(error);
        throw new Error(`SHOAL_FAULT_SEED=${faultSeed} SHOAL_FAULT_CASE=${index}: ${stack.slice(0, 2_000)}\nthe file: ${JSON.stringify(text.slice(0, 4_000))}`, { cause: error });
      }
      const ms = cpuMs() - startedMs;
      if (ms > slowest.ms) slowest = { ms, index };
    }
    expect(slowest.ms).toBeLessThan(MAX_CPU_MS);
    if (ONLY_CASE !== undefined) return;
    // Neither too wild nor too tame.
    expect(outcomes.taken).toBeGreaterThan(FILES * 0.1);
    expect(outcomes.refused).toBeGreaterThan(FILES * 0.3);
    faultRow({ area: 'fuzzing', done: `stack files of all keys, spoilt as values and as text, with \${…}; seed ${faultSeed}`, times: `${FILES.toLocaleString('en')} files`, lost: 'nothing', seen: `${outcomes.taken} taken (and what they deploy is valid), ${outcomes.refused} refused with the line; slowest ${Math.round(slowest.ms)} ms (case ${slowest.index})` });
  });

  it('bytes that are no text are taken for some, or refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-fuzz-'));
    try {
      for (let index = 0; index < FILES / 20; index++) {
        const random = new Random(faultSeed + index);
        const bytes = Buffer.from(stackText(random));
        for (let i = random.below(5); i >= 0; i--) bytes[random.below(bytes.length)] = random.below(256);
        writeFileSync(join(folder, 'stack.yml'), random.chance(0.7) ? bytes : bytesOf({ provider: { name: 'openfaas' } }, random, true));
        await loadStackFile({ file: undefined, cwd: folder, env: ENVIRONMENT, envsubst: true }).catch((error: unknown) => {
          if (!(error instanceof CliError)) throw error;
        });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const head = 'provider: {name: openfaas}\n';
  const full = (unit: string | ((i: number) => string), bytes = INFLATED_BYTES) => {
    const make = typeof unit === 'string' ? () => unit : unit;
    let text = '';
    for (let i = 0; text.length < bytes; i++) text += make(i);
    return text;
  };
  const manyNames = (bytes = INFLATED_BYTES / 2) => full((i) => `a${i.toString(36)}: 1, `, bytes);
  const inflated: readonly (readonly [string, () => string])[] = [
    ['functions', () => `${head}functions:\n${full((i) => ` f${i}: {image: a}\n`)}`],
    ['functions with names that are none', () => `${head}functions:\n${full((i) => ` F_${i}: {image: a}\n`)}`],
    ['keys that nobody knows', () => `${head}${full((i) => `k${i}: 1\n`)}`],
    ['keys that somebody may have meant', () => `${head}functions: {a: {${full((i) => `environment_files${i}: 1, `)}}}`],
    ['variables', () => `${head}functions: {a: {environment: {${manyNames()}}}}`],
    ['variables that are none', () => `${head}functions: {a: {environment: {${full((i) => `"-${i}": 1, `)}}}}`],
    ['maps of variables that are none', () => `${head}functions:\n${full((i) => ` f${i}: {environment: {${Array.from({ length: 900 }, (_, j) => `-${j}: 1`).join(', ')}}}\n`)}`],
    ['the same name', () => `${head}functions: {a: {labels: {${full('a: 1, ')}}}}`],
    ['secrets', () => `${head}functions: {a: {secrets: [${full((i) => `s${i}, `)}]}}`],
    ['aliases of one large map', () => `x-a: &a {${manyNames()}}\n${head}functions:\n${full((i) => ` f${i}: {environment: *a}\n`, INFLATED_BYTES / 2)}`],
    ['aliases of one map that is wrong', () => `x-a: &a {${Array.from({ length: 900 }, (_, i) => `-${i}: 1`).join(', ')}}\n${head}functions:\n${full((i) => ` f${i}: {environment: *a}\n`)}`],
    ['aliases of one long list', () => `x-a: &a [${full((i) => `s${i}, `, INFLATED_BYTES / 2)}]\n${head}functions:\n${full((i) => ` f${i}: {secrets: *a}\n`, INFLATED_BYTES / 2)}`],
    ['merges of one large map', () => `x-a: &a {${manyNames()}}\n${head}functions: {a: {environment: {<<: [${full('*a, ', INFLATED_BYTES / 2)}]}}}`],
    ['merges of merges', () => `x-0: &a0 {k: v}\n${Array.from({ length: 30 }, (_, i) => `x-${i + 1}: &a${i + 1} {<<: [*a${i}, *a${i}, *a${i}, *a${i}]}\n`).join('')}${head}functions: {a: *a30}`],
    ['laughs', () => `x-0: &a0 [lol]\n${Array.from({ length: 30 }, (_, i) => `x-${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]\n`).join('')}${head}functions: {a: {secrets: *a30}}`],
    ['an alias of itself', () => `${head}functions: &a {a: *a}`],
    ['anchors', () => full((i) => `- &a${i} *a${i - 1}\n`)],
    ['errors', () => full('a: b: c: *\n')],
    ['lists in lists', () => full('[')],
    ['maps in maps', () => full('{a: ')],
    ['blocks in blocks', () => full('- ')],
    ['complex keys', () => full('? ')],
    ['levels of indentation', () => Array.from({ length: Math.floor(Math.sqrt(INFLATED_BYTES * 2)) }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
    ['closed levels', () => `${head}functions: ${'['.repeat(INFLATED_BYTES / 2)}${']'.repeat(INFLATED_BYTES / 2)}`],
    ['documents', () => full('---\n')],
    ['directives', () => full('%X\n')],
    ['comments', () => head + full('# a\n')],
    ['spaces', () => head + full(' ')],
    ['tabs', () => head + full('\t')],
    ['line ends', () => head + full('\r\n')],
    ['quotes', () => full('"')],
    ['backslashes', () => `a: "${full('\\\\')}"`],
    ['one text', () => `${head}functions: {a: {image: ${full('x')}}}`],
    ['lines of one text', () => `${head}functions: {a: {fprocess: |\n${full('   x\n')}}}`],
    ['tags', () => `a: ${full('!a ')}`],
    ['colons', () => full(': ')],
    ['commas', () => `a: [${full(', ')}`],
    ['durations', () => `${head}functions: {a: {labels: {com.openfaas.scale.zero-duration: ${full('1s')}}}}`],
    ['a schedule', () => `${head}functions: {a: {annotations: {schedule: "${full('0,')} * * * *"}}}`],
    ['one variable', () => full('${A}')],
    ['a long variable', () => full('${BIG}')],
    ['variables in variables', () => full('${A:-')],
    ['variables that are not closed', () => full('${')],
    ['variables without a beginning', () => head + full('${BIG#*y*y*y}')],
    ['variables without an end', () => head + full('${BIG%%y*y*y}')],
    ['parts of variables', () => head + full('${BIG:1:1}')],
    ['replacements', () => head + full('${BIG//x/}')],
    ['dollars', () => head + full('$')],
  ];
  it.each(inflated)('a file of %s is read or refused in time', (_title, make) => {
    const text = make();
    expect(text.length).toBeLessThan(MAX_SUBSTITUTED_CHARACTERS);
    const startedMs = cpuMs();
    outcomeOf(text);
    expect(cpuMs() - startedMs).toBeLessThan(MAX_CPU_MS);
  });
});
