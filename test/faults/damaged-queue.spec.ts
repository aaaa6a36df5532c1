import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';
import { GatewayProcess } from '../e2e/gateway-process';
import { ask } from '../e2e/ask';
import { faultRow, faultSeed, howMany } from './fault-table';
import { DAMAGES } from './fuzz/damage-file';
import type { Opened } from './fuzz/open-stores';
import { Random } from './random';
import { CALLS, storeCalls } from './fuzz/stored-calls';

const FILES = howMany({ short: 4, long: 250 }) * Object.keys(DAMAGES).length;
const STARTS = howMany({ short: 3, long: 60 });
/** Files that are there at a time. */
const BATCH = 100;
const REPOSITORY = join(__dirname, '../..');
/** It says which file, and what to do. */
const REFUSAL = /queue\.mdb.*: (put a copy|make room)/;

jest.setTimeout(120_000 + FILES * 1_000 + STARTS * 10_000);

const root = mkdtempSync(join(tmpdir(), 'shoal-damaged-'));
const scripts = mkdtempSync(join(REPOSITORY, 'node_modules', '.shoal-damaged-'));
afterAll(() => {
  for (const folder of [root, scripts]) rmSync(folder, { recursive: true, force: true });
});

const undamaged = join(root, 'undamaged');
let bytes: Buffer;
let states: Readonly<Record<string, string>>;

/** Opens each folder in a process of its own; resolves with what that said of them. Rejects when it dies. */
function openAll(folders: readonly string[]): Promise<Opened[]> {
  const script = join(scripts, 'open-stores.mjs');
  buildSync({ entryPoints: [join(__dirname, 'fuzz/open-stores.ts')], outfile: script, bundle: true, platform: 'node', format: 'esm', external: ['lmdb'], tsconfig: join(REPOSITORY, 'tsconfig.json') });
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const opened: Opened[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => opened.push(JSON.parse(line) as Opened));
    child.on('close', (code, signal) => {
      if (code === 0 && opened.length === folders.length) resolve(opened);
      else reject(new Error(`it ended by ${signal ?? `code ${code}`} at ${folders[opened.length]}`));
    });
    child.stdin.end(folders.map((folder) => `${folder}\n`).join(''));
  });
}

beforeAll(async () => {
  await storeCalls(undamaged);
  bytes = readFileSync(join(undamaged, 'queue.mdb'));
  const copy = join(root, 'copy');
  cpSync(undamaged, copy, { recursive: true });
  const [opened] = await openAll([copy]);
  expect(opened).toMatchObject({ warnings: [], wrong: [], warningsAgain: [] });
  states = opened!.states;
  expect(Object.keys(states)).toHaveLength(CALLS);
});

it(`the queue's file, damaged in ${FILES} ways, is either mended and said so, or refused in a sentence`, async () => {
  const kinds = Object.keys(DAMAGES);
  const told = { untouched: 0, mended: 0, refused: 0, lost: 0 };
  for (let first = 0; first < FILES; first += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, FILES - first) }, (_, i) => first + i);
    const folders = numbers.map((number) => {
      const random = new Random(faultSeed * 1_000_003 + number);
      const folder = join(root, `damaged-${number}`);
      mkdirSync(folder);
      writeFileSync(join(folder, 'queue.mdb'), DAMAGES[kinds[number % kinds.length]!]!(bytes, random));
      if (random.chance(0.3)) writeFileSync(join(folder, 'queue.mdb-lock'), random.bytes(random.below(10_000)));
      return folder;
    });
    const opened = await openAll(folders);
    opened.forEach(({ refused, warnings, wrong, states: found, warningsAgain }, i) => {
      const what = `SHOAL_FAULT_SEED=${faultSeed}, file ${numbers[i]} (${kinds[numbers[i]! % kinds.length]})`;
      if (refused !== undefined) {
        told.refused++;
        if (!REFUSAL.test(refused)) throw new Error(`${what}: refused: ${refused}`);
        return;
      }
      expect({ what, wrong, warningsAgain }).toEqual({ what, wrong: [], warningsAgain: [] });
      told.lost += Object.keys(states).filter((id) => found[id] === undefined).length;
      if (warnings.length > 0) {
        told.mended++;
        expect({ what, warnings }).toEqual({ what, warnings: [expect.stringMatching(/queue\.mdb was (damaged: \d+ calls could be read|empty)/)] });
      } else {
        told.untouched++;
        expect({ what, found }).toEqual({ what, found: states });
      }
    });
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
  expect(told.mended).toBeGreaterThan(told.refused);
  faultRow({
    area: 'fuzzing',
    done: `the queue's file with bits flipped, pages zeroed, exchanged or of garbage, cut off, replaced, with its lock file too (seed ${faultSeed})`,
    times: `${FILES} files of ${CALLS} calls`,
    lost: `${told.lost} calls of all ${told.mended * CALLS} in the files that were mended, each time told; none in silence`,
    seen: `${told.mended} mended, ${told.untouched} as good as before, ${told.refused} refused in a sentence; no crash`,
  });
});

it(`a gateway over a damaged queue starts with what can be read, or says in one sentence why it does not`, async () => {
  const told = { up: 0, refused: 0 };
  const kinds = ['a page of garbage', 'the beginning zeroed', 'cut off behind a page', 'some bits flipped'];
  for (let i = 0; i < STARTS; i++) {
    const home = join(root, `home-${i}`);
    mkdirSync(join(home, 'queue'), { recursive: true });
    writeFileSync(join(home, 'queue', 'queue.mdb'), DAMAGES[kinds[i % kinds.length]!]!(bytes, new Random(faultSeed * 7_919 + i)));
    const gateway = await GatewayProcess.start({}, home).catch((error: Error) => error);
    if (gateway instanceof Error) {
      told.refused++;
      const said = gateway.message.replace(/^ended with code 1: /, '').trim();
      expect(said).toMatch(/^The queue for asynchronous calls cannot be opened .*queue\.mdb.*\.$/);
      expect(said.split('\n')).toHaveLength(1);
      continue;
    }
    told.up++;
    try {
      await gateway.deploy('fn', { envProcess: 'cat' });
      const { status } = await ask(gateway.url, 'POST', '/async-function/fn', { body: 'x' });
      expect(status).toBe(202);
      const damagedFiles = readdirSync(join(home, 'queue')).filter((name) => name.includes('damaged'));
      expect(gateway.output.includes('queue.mdb was damaged')).toBe(damagedFiles.length > 0);
      expect(gateway.output).not.toMatch(/^\s+at /m);
    } finally {
      expect(await gateway.stop()).toBe(0);
    }
  }
  expect(told.up).toBeGreaterThan(0);
  expect(told.refused).toBeGreaterThan(0);
  faultRow({ area: 'fuzzing', done: 'a gateway started over a damaged queue', times: `${STARTS} starts`, lost: 'what could not be read, told at the start', seen: `${told.up} worked, ${told.refused} ended with one sentence that names the file` });
});
